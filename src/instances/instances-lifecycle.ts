import {
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { instanceEventOf } from './instance-event.js';
import { InstanceSessions } from './instance-sessions.js';
import { InstanceStatusRepository } from './instance-status.repository.js';
import { SessionOpener } from './session-opener.js';

/** Sessions come and go with the process. */
@Injectable()
export class InstancesLifecycle
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  constructor(
    private readonly repository: InstanceStatusRepository,
    private readonly opener: SessionOpener,
    private readonly sessions: InstanceSessions,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Returns before the sessions are open: thousands of them must not hold up the HTTP server. */
  async onApplicationBootstrap(): Promise<void> {
    const at = this.clock.now();
    await this.repository.markAllOffline((instanceId) =>
      instanceEventOf(instanceId, at, { state: 'disconnected', reason: 'Ringdrop was restarted' }),
    );
    const instanceIds = await this.repository.listToOpen();
    if (instanceIds.length === 0) return;
    this.log.info('Opening the sessions of linked instances', { sessions: instanceIds.length });
    this.opener
      .open(instanceIds)
      .catch((err: unknown) =>
        this.log.error('The sessions of linked instances could not be opened', { err }),
      );
  }

  /** No new sessions from here on; calls still need theirs to hang up. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.opener.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.sessions.closeAll();
  }
}
