import type { Clock } from '../time/clock.js';

interface RetryOptions {
  readonly pauseMs: number;
  /** Asked after each failure, whether it is worth another try. */
  readonly goesOn: (error: unknown, tries: number) => boolean;
}

/** Does the work until it succeeds. @throws the error after which it does not go on */
export async function retried<T>(
  clock: Clock,
  work: () => Promise<T>,
  { pauseMs, goesOn }: RetryOptions,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (!goesOn(error, tries)) throw error;
      await clock.sleep(pauseMs);
    }
  }
}
