import type { NextFunction, Request, Response } from 'express';
import { HTTP_LIMITS } from './http-limits.js';
import { AddressTooLong, HeadersTooLarge, RequestNotUnderstood } from './request.errors.js';

/** Refuses what is longer than any request of the API, and what HTTP/1.1 wants refused without a `Host`. */
export function requestLimits(request: Request, _response: Response, next: NextFunction): void {
  next(problemOf(request));
}

function problemOf({ originalUrl, rawHeaders, headers, httpVersion }: Request): Error | undefined {
  if (originalUrl.length > HTTP_LIMITS.addressLength) return new AddressTooLong();
  // Names and values take turns. Without this, Node would drop what is too much, which may be the token.
  if (rawHeaders.length / 2 > HTTP_LIMITS.headerCount) return new HeadersTooLarge();
  if (headers.host === undefined && httpVersion === '1.1') return new RequestNotUnderstood();
  return undefined;
}
