import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { Log } from '../../common/logging/log.js';
import { Clock, type Timer } from '../../common/time/clock.js';
import { EventSockets } from './event-sockets.js';
import { SocketAccess } from './socket-access.js';

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
