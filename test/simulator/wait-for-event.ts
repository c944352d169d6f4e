import type { EventEmitter } from 'node:events';
import type { SimulatorEvents } from './types.js';

const DEFAULT_TIMEOUT_MS = 5_000;

/** Asks `find` now and after each event until it gives something. Rejects after `timeoutMs`. */
export function waitForEvent<T>(
  emitter: EventEmitter<SimulatorEvents>,
  event: keyof SimulatorEvents,
  timeoutMs = DEFAULT_TIMEOUT_MS,
  find: () => T | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      clearTimeout(timer);
      emitter.off(event, look);
      action();
    };
    const look = (): void => {
      try {
        const found = find();
        if (found !== undefined) settle(() => resolve(found));
      } catch (error) {
        settle(() => reject(error instanceof Error ? error : new Error(String(error))));
      }
    };
    const timer = setTimeout(
      () => settle(() => reject(new Error(`the simulator saw no such ${event} in ${timeoutMs} ms`))),
      timeoutMs,
    );
    emitter.on(event, look);
    look();
  });
}
