import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DomainError } from '../errors/domain-error.js';
import { statusOf } from './error.filter.js';
import { HTTP_LIMITS } from './http-limits.js';
import { AddressTooLong, HeadersTooLarge, RequestNotUnderstood, RequestTooSlow } from './request.errors.js';

/** For the client to take the answer. After it the connection is gone, whether the client has closed its side or not. */
const LINGER_MS = 1000;
const lingering = new WeakSet<Duplex>();
const HEAD = Buffer.from('HEAD ');
/** The request line, as far as it has come. */
const REQUEST_LINE = /^[A-Z]+ \/[^\r\n]*/;

/**
 * Answers what never becomes a request, because it is not HTTP, too long or too slow, with the error envelope, where Node
 * would answer without a body. Listener for the server's `clientError`.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  // What still comes is dropped. Cutting the connection at once would take the answer with it.
  if (lingering.has(socket)) return;
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(error);
  const status = statusOf(problem);
  const body = JSON.stringify({ success: false, error: { message: problem.message } });
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${randomUUID()}`,
      `X-Error-Code: ${problem.code}`,
      'X-Content-Type-Options: nosniff',
      'Connection: close',
      '',
      packetOf(error)?.subarray(0, HEAD.length).equals(HEAD) ? '' : body,
    ].join('\r\n'),
  );
  lingering.add(socket);
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function problemOf(error: NodeJS.ErrnoException): DomainError {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return new RequestTooSlow();
  if (error.code !== 'HPE_HEADER_OVERFLOW') return new RequestNotUnderstood();
  const [requestLine = ''] = REQUEST_LINE.exec(packetOf(error)?.toString('latin1') ?? '') ?? [];
  return requestLine.length > HTTP_LIMITS.addressLength ? new AddressTooLong() : new HeadersTooLarge();
}

/** The bytes that Node could not read, most often the whole request. */
function packetOf(error: NodeJS.ErrnoException): Buffer | undefined {
  return 'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : undefined;
}
