import type { NextFunction, Request, Response } from 'express';

/** Answers `OPTIONS` plainly. There is no CORS: tokens do not belong in other people's web pages. */
export function allowedMethods(request: Request, response: Response, next: NextFunction): void {
  if (request.method !== 'OPTIONS') {
    next();
    return;
  }
  response.setHeader('Allow', 'GET, HEAD, POST, DELETE, OPTIONS');
  response.status(204).end();
}
