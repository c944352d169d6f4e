import type { NextFunction, Request, Response } from 'express';

/** Answers `OPTIONS` plainly; a preflight has its headers from `cors` by now, if its origin may have any. */
export function allowedMethods(request: Request, response: Response, next: NextFunction): void {
  if (request.method !== 'OPTIONS') {
    next();
    return;
  }
  response.setHeader('Allow', 'GET, HEAD, POST, DELETE, OPTIONS');
  response.status(204).end();
}
