import { jest } from '@jest/globals';

const PRE_KEY_TIMER_MS = 20_000;

/**
 * To be called before each test: libsignal prints sessions on the console, and Baileys leaves a 30 s timer behind after its
 * first upload of pre-keys, which would keep the test process alive.
 * @param longTimerMs timers of this length or more do not keep the process alive
 */
export function quietLibraries(longTimerMs = PRE_KEY_TIMER_MS): void {
  for (const method of ['info', 'warn', 'error'] as const)
    jest.spyOn(console, method).mockImplementation(() => undefined);
  const { setTimeout: realSetTimeout } = globalThis;
  jest.spyOn(globalThis, 'setTimeout').mockImplementation((callback, delayMs, ...args) => {
    const timer = realSetTimeout(callback, delayMs, ...args);
    if ((delayMs ?? 0) >= longTimerMs) timer.unref();
    return timer;
  });
}
