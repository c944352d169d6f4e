import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { NodeDeparture } from '../cluster/node-departure.js';
import { InstanceSessions } from './instance-sessions.js';
import { SessionOpener } from './session-opener.js';

/** Sessions go with the process. */
@Injectable()
export class InstancesLifecycle implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(
    private readonly opener: SessionOpener,
    private readonly sessions: InstanceSessions,
    @Inject(NodeDeparture) private readonly departure: Pick<NodeDeparture, 'complete'>,
  ) {}

  /** No new sessions from here on; calls still need theirs to hang up. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.opener.stop();
  }

  /** Others may have the instances only when no socket is left here. */
  async onApplicationShutdown(): Promise<void> {
    await this.sessions.closeAll();
    await this.departure.complete();
  }
}
