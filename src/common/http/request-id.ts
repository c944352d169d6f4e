import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';

const ACCEPTED = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Gives every answer an `X-Request-Id`: the client's own when it is a plain token, else a new UUID. */
export function requestId(request: Request, response: Response, next: NextFunction): void {
  const given = request.get('x-request-id');
  response.setHeader('X-Request-Id', given && ACCEPTED.test(given) ? given : randomUUID());
  next();
}
