import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { LRUCache } from 'lru-cache';
import { Clock } from '../common/time/clock.js';
import { nextDueMs } from '../common/time/pace.js';

const PACE = { burst: 50, everyMs: 10 };
/** With the pace, the refusals of one client that wait: a hundred. */
const LONGEST_WAIT_MS = 1000;
const REMEMBERED_CLIENTS = 10_000;

/**
 * When a client that is over its rate limit gets its refusal. One that goes on asking, on many connections, would keep the process
 * busy with nothing but refusals; a client that has to wait for them asks less often. What would have to wait for too long is
 * refused at once, and costs its connection.
 */
@Injectable()
export class RefusalPace {
  /** When the last refusal of each client was due, in monotonic milliseconds. */
  private readonly lastDueMs = new LRUCache<string, number>({ max: REMEMBERED_CLIENTS });

  constructor(private readonly clock: Clock) {}

  /** Resolves when the client may get one more refusal. @param client an account or an address */
  async turn(client: string, response: Pick<Response, 'setHeader'>): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    const dueMs = nextDueMs(this.lastDueMs.get(client) ?? -Infinity, nowMs, PACE);
    if (dueMs > nowMs + LONGEST_WAIT_MS) {
      response.setHeader('Connection', 'close');
      return;
    }
    this.lastDueMs.set(client, dueMs);
    if (dueMs > nowMs) await this.clock.sleep(dueMs - nowMs);
  }
}
