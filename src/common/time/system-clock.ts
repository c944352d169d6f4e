import { Injectable } from '@nestjs/common';
import { Clock, type Timer } from './clock.js';

/** Node's timers overflow beyond this and fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

@Injectable()
export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }

  monotonicMs(): number {
    return performance.now();
  }

  schedule(delayMs: number, work: () => void): Timer {
    const timeout = setTimeout(work, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS));
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  }
}
