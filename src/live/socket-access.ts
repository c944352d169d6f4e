import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Authenticator } from '../auth/authenticator.js';
import { CLOSE_CODES, type EventSocket, type SocketOwner } from './event-socket.js';
import { WebSocketSettingsRepository } from './websocket-settings.repository.js';
import { SWITCHED_OFF } from './websocket-settings.service.js';
import { Log } from '../common/logging/log.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { EventSockets } from './event-sockets.js';

/** Looks whether open WebSockets may stay: tokens are replaced and instances reconfigured, maybe by another process. */
@Injectable()
export class SocketAccess {
  constructor(
    @Inject(Authenticator) private readonly authenticator: Pick<Authenticator, 'callerOf'>,
    private readonly repository: WebSocketSettingsRepository,
  ) {}

  /** Closes the sockets that may not stay and gives the others the settings of now. */
  async review(sockets: readonly EventSocket[]): Promise<void> {
    const instanceIds = new Set(sockets.map(({ owner }) => owner.instanceId));
    const settings = await this.repository.findMany([...instanceIds]);
    for (const socket of sockets) {
      const current = settings.get(socket.owner.instanceId);
      if (!current?.enabled) socket.close(CLOSE_CODES.policyViolation, SWITCHED_OFF);
      else if (!(await this.isStillValid(socket.owner)))
        socket.close(CLOSE_CODES.policyViolation, 'Invalid token');
      else socket.events = current.events;
    }
  }

  private async isStillValid({ token, accountId, instanceId }: SocketOwner): Promise<boolean> {
    const caller = await this.authenticator.callerOf(token);
    if (caller?.kind === 'instance') return caller.instanceId === instanceId;
    return caller?.kind === 'account' && caller.accountId === accountId;
  }
}

/** Shorter than the 60 s after which common proxies close a silent connection. */
const HEARTBEAT_MS = 25_000;

/** Every 25 seconds asks each WebSocket whether its client is there, and looks whether it may stay. */
@Injectable()
export class SocketHeartbeat implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: Timer | undefined;
  private isReviewing = false;

  constructor(
    private readonly sockets: EventSockets,
    private readonly access: SocketAccess,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = this.clock.schedule(HEARTBEAT_MS, () => {
      this.onApplicationBootstrap();
      void this.beat();
    });
  }

  beforeApplicationShutdown(): void {
    this.timer?.cancel();
  }

  private async beat(): Promise<void> {
    const sockets = this.sockets.all();
    for (const socket of sockets) socket.beat();
    if (this.isReviewing || sockets.length === 0) return;
    this.isReviewing = true;
    try {
      await this.access.review(sockets);
    } catch (err) {
      // They were allowed a moment ago, and the next beat looks again.
      this.log.warn('Open WebSockets could not be checked', { err });
    } finally {
      this.isReviewing = false;
    }
  }
}
