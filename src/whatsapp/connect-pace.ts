import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { Clock } from '../common/time/clock.js';
import { ConnectedTooOften } from './whatsapp.errors.js';

/** Sockets that are opened at once for one instance. */
const BURST = 6;
/** Then one in this time. */
const EVERY_MS = 10_000;
const REMEMBERED_INSTANCES = 100_000;

/**
 * How often somebody may have a socket opened for one instance. Each is a login at WhatsApp, which restricts accounts that log in
 * over and over: a client that asks in a loop, or a webhook that points at `reconnect`, must not get its own account blocked, nor
 * keep the others from their turn. What the product opens by itself, after a fault or at a start, has a pace of its own.
 */
@Injectable()
export class ConnectPace {
  /** When each instance may have its whole burst again, in monotonic milliseconds. */
  private readonly restedAtMs = new LRUCache<string, number>({ max: REMEMBERED_INSTANCES });

  constructor(private readonly clock: Clock) {}

  /** Counts a socket that is about to be opened. @throws ConnectedTooOften */
  take(instanceId: string): void {
    const waitMs = this.waitMs(instanceId);
    if (waitMs > 0) throw new ConnectedTooOften(waitMs / 1000);
    const nowMs = this.clock.monotonicMs();
    this.restedAtMs.set(instanceId, Math.max(nowMs, this.restedAtMs.get(instanceId) ?? 0) + EVERY_MS);
  }

  /** Counts a socket that need not be opened at once. Returns how long it has to wait; 0 = it may be opened now. */
  reserve(instanceId: string): number {
    const waitMs = this.waitMs(instanceId);
    if (waitMs === 0) this.take(instanceId);
    return waitMs;
  }

  private waitMs(instanceId: string): number {
    const restedAtMs = this.restedAtMs.get(instanceId) ?? 0;
    return Math.max(0, restedAtMs - (BURST - 1) * EVERY_MS - this.clock.monotonicMs());
  }
}
