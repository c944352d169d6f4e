import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '../common/logging/log.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { InstanceSessions } from './instance-sessions.js';
import { InstanceStatusRepository } from './instance-status.repository.js';

const LOOK_EVERY_MS = 5000;

/**
 * Closes the sessions of disabled accounts that this process has. Whoever disables an account asks the holders of its
 * instances to do so; this is for those who could not be asked, because the broker or they themselves were away.
 */
@Injectable()
export class DisabledAccounts implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private next: Timer | undefined;
  private looking: Promise<void> = Promise.resolve();
  private isStopped = false;
  private isFailing = false;

  constructor(
    private readonly repository: InstanceStatusRepository,
    private readonly sessions: InstanceSessions,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    // A process that is alone has done it itself.
    if (this.config.natsUrl !== undefined) this.plan();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    this.next?.cancel();
    await this.looking;
  }

  private plan(): void {
    if (this.isStopped) return;
    this.next = this.clock.schedule(LOOK_EVERY_MS, () => {
      this.looking = this.look().finally(() => this.plan());
    });
  }

  private async look(): Promise<void> {
    try {
      for (const instanceId of await this.repository.listOnlineOfDisabledAccounts()) {
        if (this.sessions.stateOf(instanceId) === 'absent') continue;
        await this.sessions.close(instanceId, 'The account was disabled');
      }
      this.isFailing = false;
    } catch (err) {
      if (!this.isFailing) this.log.warn('Sessions of disabled accounts could not be closed', { err });
      this.isFailing = true;
    }
  }
}
