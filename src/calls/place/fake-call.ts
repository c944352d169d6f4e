import { createHash } from 'node:crypto';
import type { CalleeQuery } from '../../whatsapp/whatsapp.gateway.js';

/** A fake call that is asked for. */
export interface FakeCallRequest {
  readonly callee: CalleeQuery;
  /** The digits as given. */
  readonly number: string;
  /** 1–60 s of ringing. */
  readonly durationSeconds: number;
}

/** What the client is told about a call that was placed. */
export interface FakeCallAnswer {
  readonly callId: string;
  /** Digits that were called. */
  readonly number: string;
  readonly durationSeconds: number;
}

/** Every form of the number that stands for the same person. */
export function numbersOf(callee: CalleeQuery): readonly string[] {
  return callee.kind === 'number' ? callee.candidates : [callee.digits];
}

/** SHA-256 over what the request means: two spellings of one request are the same request. */
export function fingerprintOf({ callee, number, durationSeconds }: FakeCallRequest): Buffer {
  return createHash('sha256').update(`${callee.kind}:${number}:${durationSeconds}`).digest();
}
