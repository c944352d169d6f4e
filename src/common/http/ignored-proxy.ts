import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { Log } from '../logging/log.js';

const WRITTEN_BY_PROXIES = ['x-forwarded-for', 'forwarded'] as const;

/**
 * Middleware for a product that trusts no proxy: warns once when a request seems to come through one. All clients of it would
 * share the limits of the proxy's address.
 */
export function warnOfIgnoredProxy(log: Log): RequestHandler {
  let isWarned = false;
  return (request: Request, _response: Response, next: NextFunction) => {
    const header = WRITTEN_BY_PROXIES.find((name) => request.headers[name] !== undefined);
    if (!isWarned && header !== undefined) {
      isWarned = true;
      log.warn(
        'A request came with the header of a reverse proxy, which is not believed: set TRUSTED_PROXIES if there is one',
        { header },
      );
    }
    next();
  };
}
