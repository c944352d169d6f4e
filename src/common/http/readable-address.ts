import type { NextFunction, Request, Response } from 'express';
import { RequestNotUnderstood } from './request.errors.js';

const ENCODED = /(?:%[\da-f]{2})+/gi;
const ASCII = /^[\x21-\x7e]*$/;

/**
 * Middleware: refuses an address that is not percent-encoded UTF-8. The router would stumble over such a path, and such a
 * query would silently become another one.
 */
export function readableAddress(request: Request, _response: Response, next: NextFunction): void {
  const { path, originalUrl } = request;
  const query = originalUrl.slice(originalUrl.indexOf('?') + 1);
  // Node hands other bytes on as Latin-1, whatever they were meant to be.
  if (!ASCII.test(originalUrl)) refuse('its address has characters that are not percent-encoded');
  else if (!isDecodable(path)) refuse('its path is not valid UTF-8 in percent-encoding');
  // A lone % stands for itself in a query, as browsers and servers have always taken it.
  else if (!(query.match(ENCODED) ?? []).every(isDecodable))
    refuse('its query is not valid UTF-8 in percent-encoding');
  else next();

  function refuse(detail: string): void {
    next(new RequestNotUnderstood(detail));
  }
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
