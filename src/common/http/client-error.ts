import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { RequestNotUnderstood } from './request.errors.js';

const HEAD = Buffer.from('HEAD ');

const STATUS_LINES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/**
 * Answers bytes that are not HTTP with the error envelope, where Node would answer without a body. Listener for the
 * server's `clientError`.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { message, code } = new RequestNotUnderstood();
  const body = JSON.stringify({ success: false, error: { message } });
  socket.end(
    [
      `HTTP/1.1 ${STATUS_LINES[error.code ?? ''] ?? '400 Bad Request'}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `X-Request-Id: ${randomUUID()}`,
      `X-Error-Code: ${code}`,
      'Connection: close',
      '',
      isForHead(error) ? '' : body,
    ].join('\r\n'),
  );
}

/** An answer to `HEAD` has no body. Node hands over the bytes that it could not read, most often the whole request. */
function isForHead(error: NodeJS.ErrnoException): boolean {
  return (
    'rawPacket' in error && Buffer.isBuffer(error.rawPacket) && error.rawPacket.subarray(0, 5).equals(HEAD)
  );
}
