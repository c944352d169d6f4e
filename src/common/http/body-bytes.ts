import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { NextFunction, Request, Response } from 'express';
import { errorCodeOf } from '../errors/error-code.js';
import { InvalidRequestBody, RequestBodyTooLarge } from './request.errors.js';

const LIMIT_BYTES = 100 * 1024;
/** For the rest of a body that nobody reads. A client that is still sending then loses its connection. */
const UNREAD_MS = 1000;

type Unpack = (packed: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const UNPACKERS: Readonly<Record<string, Unpack>> = {
  identity: (bytes) => Promise.resolve(bytes),
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** Requests whose client sends its body only when it is asked to. */
const awaitingContinue = new WeakMap<IncomingMessage, () => void>();

/**
 * The unpacked bytes of a body; `undefined` when there is none.
 * @throws RequestBodyTooLarge, InvalidRequestBody
 */
export async function readBodyBytes(request: IncomingMessage): Promise<Buffer | undefined> {
  const { 'content-length': length, 'transfer-encoding': chunked } = request.headers;
  if (chunked === undefined && Number(length ?? 0) === 0) return undefined;
  if (Number(length ?? 0) > LIMIT_BYTES) throw new RequestBodyTooLarge();
  awaitingContinue.get(request)?.();
  const packed = await received(request);
  if (packed.length === 0) return undefined;
  const unpack = UNPACKERS[(request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()];
  if (!unpack) throw new InvalidRequestBody('its Content-Encoding must be gzip, deflate, br or none');
  try {
    return await unpack(packed, { maxOutputLength: LIMIT_BYTES });
  } catch (error) {
    throw errorCodeOf(error) === 'ERR_BUFFER_TOO_LARGE'
      ? new RequestBodyTooLarge()
      : new InvalidRequestBody('it cannot be unpacked');
  }
}

/** Stops listening at the limit, and leaves the rest to `dropUnreadBody`: the answer does not wait for it. */
function received(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (settled: () => void): void => {
      request.off('data', take).off('end', end).off('close', fail);
      settled();
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > LIMIT_BYTES) settle(() => reject(new RequestBodyTooLarge()));
    };
    const end = (): void => settle(() => resolve(Buffer.concat(chunks)));
    const fail = (): void => settle(() => reject(new InvalidRequestBody('it is incomplete')));
    // The close says the same; without a listener, the error of a lost connection would end the process.
    request.on('error', () => undefined);
    request.on('data', take).on('end', end).on('close', fail);
  });
}

/**
 * Middleware: a body that nobody reads, of a refused request for example, costs nothing. Node drops what still comes, so
 * that a kept connection goes on; it would do so until the request times out.
 */
export function dropUnreadBody(request: Request, response: Response, next: NextFunction): void {
  response.once('finish', () => {
    if (request.complete) return;
    request.resume();
    setTimeout(() => {
      if (!request.complete) request.socket.destroy();
    }, UNREAD_MS).unref();
  });
  next();
}

/**
 * A client that waits for leave to send its body gets it when the body is read. A refused request is answered instead; then
 * nobody knows whether the body comes, so the connection ends with the answer. Listener for the server's `checkContinue`.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const { shouldKeepAlive } = response;
  response.shouldKeepAlive = false;
  awaitingContinue.set(request, () => {
    response.shouldKeepAlive = shouldKeepAlive;
    response.writeContinue();
  });
}
