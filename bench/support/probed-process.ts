import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { LoopDelay } from './event-loop-watch.js';

/** Loaded before a program with `node --import`; it then reports about itself on the socket in `PROBE_SOCKET`. */
export const PROBE = path.resolve('dist-tools/bench/support/probe.js');

/**
 * - `cpu`: as it is
 * - `memory`: after a garbage collection, whose CPU time is in later samples only
 * - `reset`: as it is, and the event loop is watched from now on
 */
export type SampleKind = 'cpu' | 'memory' | 'reset';

export interface ProcessSample {
  /** CPU time since the start of the process, user and system. */
  readonly cpuMs: number;
  /** Since the last `reset`; `null`: there was none. */
  readonly loop: LoopDelay | null;
  /** Bytes. */
  readonly rss: number;
  /** Bytes. */
  readonly heapUsed: number;
  /** Bytes. */
  readonly external: number;
}

export async function sampleProcess(socketPath: string, kind: SampleKind): Promise<ProcessSample> {
  const socket = connect(socketPath);
  socket.write(kind);
  return JSON.parse(await text(socket)) as ProcessSample;
}
