import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../common/time/clock.js';

/** Answered without delay. */
const BURST = 50;
/** Then one in this time. */
const EVERY_MS = 10;
const REMEMBERED_CLIENTS = 10_000;

/**
 * When a client that is over its rate limit gets its refusal. One that goes on asking, on many connections, would keep the process
 * busy with nothing but refusals; who has to wait for them asks less often. A wait costs a connection and no more.
 */
@Injectable()
export class RefusalPace {
  /** When the last refusal of each client was due, in monotonic milliseconds. */
  private readonly lastAtMs = new LRUCache<string, number>({ max: REMEMBERED_CLIENTS });

  constructor(private readonly clock: Clock) {}

  /** Resolves when the client may get one more refusal. @param client an account or an address */
  async turn(client: string): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    const atMs = Math.max(nowMs - BURST * EVERY_MS, this.lastAtMs.get(client) ?? -Infinity) + EVERY_MS;
    this.lastAtMs.set(client, atMs);
    if (atMs > nowMs) await this.clock.sleep(atMs - nowMs);
  }
}
