import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';

/** Loaded before a program with `node --import`; it then tells about itself on the socket in `PROBE_SOCKET`. */
export const PROBE = path.resolve('dist-tools/bench/support/probe.js');

export interface ProcessSample {
  /** CPU time since the start of the process, user and system. */
  readonly cpuMs: number;
  /** Bytes. */
  readonly rss: number;
  /** Bytes. */
  readonly heapUsed: number;
  /** Bytes. */
  readonly external: number;
}

/** @param wish `memory`: after a garbage collection, whose CPU time is in later samples only */
export async function sampleProcess(socketPath: string, wish: 'cpu' | 'memory'): Promise<ProcessSample> {
  const socket = connect(socketPath);
  socket.write(wish);
  return JSON.parse(await text(socket)) as ProcessSample;
}
