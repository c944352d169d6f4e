import { setFlagsFromString } from 'node:v8';

/**
 * Bytes. Small buffers are slices of a common one, which lives as long as any of them. Every session keeps a few, and with the common
 * ones of 64 KB that Node 24 makes it kept almost all of one.
 */
const SLICED_BUFFER = 4_096;

/**
 * How much the old objects may grow, in percent of those that live, until all are collected. V8 by itself takes little more than 10
 * when few are made: beside thousands of sessions, which live long, that was a collection every few seconds, and each of
 * them slows everybody down for as long as it takes to visit what lives.
 */
const GROWTH_PERCENT = 100;

/** Suits memory to a process that holds thousands of sessions for long. The size of the young generation is set where it is started. */
export function arrangeMemory(): void {
  Buffer.poolSize = SLICED_BUFFER;
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
