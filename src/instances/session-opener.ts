import { Injectable } from '@nestjs/common';
import { Log } from '../common/logging/log.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { InstanceSessions } from './instance-sessions.js';
import { OpeningPlaces } from './opening-places.js';

/** Opens many sessions at a pace that neither WhatsApp nor the machine takes for an attack. */
@Injectable()
export class SessionOpener {
  private stopped = false;
  private pause: { timer: Timer; end: () => void } | undefined;
  private readonly runs = new Set<Promise<void>>();
  private line: Promise<void> = Promise.resolve();

  constructor(
    private readonly sessions: InstanceSessions,
    private readonly places: OpeningPlaces,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Puts the sessions behind those that are waiting already; resolves when the last attempt has begun. */
  open(instanceIds: readonly string[]): Promise<void> {
    this.line = this.line.then(() => this.openPaced(instanceIds));
    return this.line;
  }

  /** Opens nothing any more, and resolves when the attempts that have begun are through. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.pause?.timer.cancel();
    this.pause?.end();
    await this.line;
    this.places.letGo();
    await Promise.all(this.runs);
  }

  private async openPaced(instanceIds: readonly string[]): Promise<void> {
    const perSecond = this.config.sessionOpensPerSecond;
    for (const instanceId of instanceIds) {
      if (this.stopped) return;
      const run = this.restore(instanceId).finally(() => this.runs.delete(run));
      this.runs.add(run);
      if (perSecond > 0) await this.wait(1000 / perSecond);
    }
  }

  private async restore(instanceId: string): Promise<void> {
    try {
      await this.places.run(instanceId, async () => {
        if (!this.stopped) await this.sessions.restore(instanceId);
      });
    } catch (err) {
      this.log.error('A session could not be restored', { instanceId, err });
    }
  }

  private wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.pause = { timer: this.clock.schedule(delayMs, resolve), end: resolve };
    });
  }
}
