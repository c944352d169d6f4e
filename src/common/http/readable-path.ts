import type { NextFunction, Request, Response } from 'express';
import { RequestNotUnderstood } from './request.errors.js';

/** Refuses a path that is not valid percent-encoding, before the router stumbles over it. */
export function readablePath(request: Request, _response: Response, next: NextFunction): void {
  try {
    decodeURIComponent(request.path);
  } catch {
    next(new RequestNotUnderstood());
    return;
  }
  next();
}
