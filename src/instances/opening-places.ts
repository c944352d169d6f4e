import { Injectable } from '@nestjs/common';
import { Ownership } from '../cluster/ownership.js';
import { Clock } from '../common/time/clock.js';
import { WhatsAppGateway } from '../whatsapp/whatsapp.gateway.js';

/**
 * Sessions that may connect at a time. Handshakes are work for the processor and rows for the database: more of them at
 * once finish no earlier, and each then takes so long that its own time limits end it.
 */
const PLACES = 20;
/** The library's own limit for a connection; whoever takes longer waits for something else, its back-off for instance. */
const LONGEST_CONNECT_MS = 20_000;

const SETTLED = ['connected', 'disconnected', 'logged_out'];

/** Lets a few sessions connect at a time, however many are wanted. */
@Injectable()
export class OpeningPlaces {
  /** Those that connect, and how each gives its place back. */
  private readonly connecting = new Map<string, () => void>();
  private readonly line: (() => void)[] = [];
  private free = PLACES;

  constructor(
    private readonly gateway: WhatsAppGateway,
    private readonly ownership: Ownership,
    private readonly clock: Clock,
  ) {
    gateway.onSignal(({ type, instanceId }) => {
      if (SETTLED.includes(type)) this.connecting.get(instanceId)?.();
    });
  }

  /** Runs `open` when a place is free; resolves when the session has connected, has failed to, or takes too long. */
  async run(instanceId: string, open: () => Promise<void>): Promise<void> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.line.push(resolve));
    try {
      // It waited for its turn, and may have moved on to another process; one that nobody holds is taken.
      const { kind } = await this.ownership.acquire(instanceId);
      if (kind === 'here') await this.settled(instanceId, open);
    } finally {
      const next = this.line.shift();
      if (next) next();
      else this.free += 1;
    }
  }

  /** Nobody waits for sessions that connect any more. */
  letGo(): void {
    for (const end of this.connecting.values()) end();
  }

  private settled(instanceId: string, open: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.schedule(LONGEST_CONNECT_MS, () => end());
      const end = (): void => {
        timer.cancel();
        this.connecting.delete(instanceId);
        resolve();
      };
      this.connecting.set(instanceId, end);
      open().then(
        () => this.gateway.sessionState(instanceId) !== 'connecting' && end(),
        (error: Error) => {
          end();
          reject(error);
        },
      );
    });
  }
}
