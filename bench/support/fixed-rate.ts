import { setTimeout as sleep } from 'node:timers/promises';

const PROGRESS_MS = 10_000;

export interface FixedRate {
  readonly count: number;
  readonly perSecond: number;
  /** Runs every ten seconds. */
  readonly onProgress?: (started: number) => void;
}

/** Starts jobs at a fixed rate whatever they do; resolves when all are done, with their results in the order of their start. */
export async function atFixedRate<T>(
  { count, perSecond, onProgress }: FixedRate,
  start: (index: number) => Promise<T>,
): Promise<T[]> {
  const startedMs = performance.now();
  const jobs: Promise<T>[] = [];
  let reportedMs = startedMs;
  for (let index = 0; index < count; index += 1) {
    const waitMs = startedMs + (index * 1000) / perSecond - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    if (performance.now() - reportedMs > PROGRESS_MS) {
      onProgress?.(index);
      reportedMs = performance.now();
    }
    jobs.push(start(index));
  }
  return Promise.all(jobs);
}
