import { Injectable } from '@nestjs/common';
import { Clock } from '../common/time/clock.js';
import { TooManyAttempts } from './pairing.errors.js';

const WINDOW_MS = 10 * 60_000;
const ATTEMPTS = 20;

/**
 * How often linking may be started from pages: 20 times in 10 minutes for each instance. Whoever has an address could
 * otherwise make WhatsApp notify any number, and get the instance's network address limited.
 */
@Injectable()
export class AttemptBudget {
  private readonly windows = new Map<string, { readonly endsAtMs: number; used: number }>();

  constructor(private readonly clock: Clock) {}

  /** @throws TooManyAttempts */
  take(instanceId: string): void {
    const nowMs = this.clock.monotonicMs();
    for (const [id, { endsAtMs }] of this.windows) if (endsAtMs <= nowMs) this.windows.delete(id);
    const window = this.windows.get(instanceId) ?? { endsAtMs: nowMs + WINDOW_MS, used: 0 };
    if (window.used >= ATTEMPTS) throw new TooManyAttempts(Math.ceil((window.endsAtMs - nowMs) / 1000));
    window.used += 1;
    this.windows.set(instanceId, window);
  }
}
