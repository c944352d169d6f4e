import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../common/time/clock.js';
import { nextDueMs } from '../common/time/pace.js';
import { ConnectedTooOften } from './whatsapp.errors.js';

/** Sockets that are opened for one instance. */
const PACE = { burst: 6, everyMs: 10_000 };
const REMEMBERED_INSTANCES = 100_000;

/**
 * How often somebody may have a socket opened for one instance. Each is a login at WhatsApp, which restricts accounts that log in
 * over and over: a client that asks in a loop, or a webhook that points at `reconnect`, must not get its own account blocked, nor
 * keep the others from their turn. What the product opens by itself, after a fault or at a start, has a pace of its own.
 */
@Injectable()
export class ConnectPace {
  /** When the last socket of each instance was due, in monotonic milliseconds. */
  private readonly lastDueMs = new LRUCache<string, number>({ max: REMEMBERED_INSTANCES });

  constructor(private readonly clock: Clock) {}

  /** Counts a socket that is about to be opened. @throws ConnectedTooOften */
  take(instanceId: string): void {
    const waitMs = this.reserve(instanceId);
    if (waitMs > 0) throw new ConnectedTooOften(waitMs / 1000);
  }

  /** Counts a socket that need not be opened at once. Returns how long it has to wait; 0 = it may be opened now. */
  reserve(instanceId: string): number {
    const nowMs = this.clock.monotonicMs();
    const dueMs = nextDueMs(this.lastDueMs.get(instanceId) ?? -Infinity, nowMs, PACE);
    if (dueMs > nowMs) return dueMs - nowMs;
    this.lastDueMs.set(instanceId, dueMs);
    return 0;
  }
}
