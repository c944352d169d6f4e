import { Injectable } from '@nestjs/common';
import { ApplicationPoller } from '../common/async/poller.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { InstanceSessions } from './instance-sessions.js';
import { InstanceStatusRepository } from './instance-status.repository.js';

const LOOK_EVERY_MS = 5000;

/**
 * Closes the sessions of disabled accounts that this process has. Whoever disables an account asks the holders of its
 * instances to do so; this is for those who could not be asked, because the broker or they themselves were away.
 */
@Injectable()
export class DisabledAccounts extends ApplicationPoller {
  constructor(
    private readonly repository: InstanceStatusRepository,
    private readonly sessions: InstanceSessions,
    private readonly config: AppConfig,
    clock: Clock,
    log: Log,
  ) {
    super(clock, log, {
      everyMs: LOOK_EVERY_MS,
      failure: 'Sessions of disabled accounts could not be closed',
    });
  }

  override onApplicationBootstrap(): void {
    // A process that is alone has done it itself.
    if (this.config.natsUrl !== undefined) this.poller.start();
  }

  protected override async round(): Promise<void> {
    for (const instanceId of await this.repository.listOnlineOfDisabledAccounts()) {
      if (this.sessions.stateOf(instanceId) === 'absent') continue;
      await this.sessions.close(instanceId, 'The account was disabled');
    }
  }
}
