import http from 'node:http';
import https from 'node:https';
import type { AccountOptions } from './checked-agents.js';
import { failureReasonOf, SendFailure } from './send-failure.js';

/** More of an answer is not read: the connection is cut. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface PostRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly agent: http.Agent;
  /** Whose connections are used. */
  readonly accountId: string;
  /** Bytes of the answer to keep; 0 = none. */
  readonly keepBytes: number;
  /** Its reason is a SendFailure. */
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  /** The header of this name. */
  readonly retryAfter?: string;
  /** As well, when the other one is there. */
  readonly date?: string;
  /** The first bytes of the body, when any were to be kept. */
  readonly head?: Buffer;
}

/** A kept connection that the receiver had closed in the meantime: nothing was wrong with the request. */
export class StaleConnection extends Error {}

/**
 * One POST, up to the end of the answer. Redirects are answers. Once the status line and the headers are there the status
 * counts, even if the body breaks off, stalls or has no end: repeating would deliver twice.
 * @throws SendFailure
 * @throws StaleConnection
 */
export function postOnce({
  url,
  headers,
  body,
  agent,
  accountId,
  keepBytes,
  signal,
}: PostRequest): Promise<PostAnswer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) throw toFailure(signal.reason);
    const client = url.protocol === 'https:' ? https : http;
    const options: http.RequestOptions & AccountOptions = { method: 'POST', headers, agent, accountId };
    const request = client.request(url, options);
    let isHandshaking = false;
    let answer: PostAnswer | undefined;
    const kept: Buffer[] = [];
    let failure: unknown = new SendFailure('connection_reset');

    const settle = () => {
      signal.removeEventListener('abort', abort);
      if (answer) {
        const head = Buffer.concat(kept).subarray(0, keepBytes);
        return resolve(keepBytes > 0 ? { ...answer, head } : answer);
      }
      const known = toFailure(failure, isHandshaking);
      reject(request.reusedSocket && known.reason === 'connection_reset' ? new StaleConnection() : known);
    };
    const abort = () => {
      failure = signal.reason;
      request.destroy();
      // A request that still waits for a socket is not closed before it gets one.
      settle();
    };

    signal.addEventListener('abort', abort, { once: true });
    request.on('error', (error) => (failure = error));
    request.on('close', settle);
    request.on('socket', (socket) => {
      if (request.reusedSocket || url.protocol !== 'https:') return;
      socket.once('connect', () => (isHandshaking = true));
      socket.once('secureConnect', () => (isHandshaking = false));
    });
    request.on('response', (response) => {
      const { statusCode: status = 0, headers: given } = response;
      answer = {
        status,
        ...(given['retry-after'] && { retryAfter: given['retry-after'], date: given.date }),
      };
      let answerBytes = 0;
      response.on('error', ignore);
      response.on('data', (chunk: Buffer) => {
        if (answerBytes < keepBytes) kept.push(chunk);
        answerBytes += chunk.length;
        if (answerBytes > MAX_ANSWER_BYTES) request.destroy();
      });
    });
    request.end(body);
  });
}

function toFailure(error: unknown, isHandshaking = false): SendFailure {
  return error instanceof SendFailure
    ? error
    : new SendFailure(failureReasonOf(error, isHandshaking), { cause: error });
}

function ignore(): void {}
