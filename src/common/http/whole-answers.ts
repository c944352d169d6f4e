import type { NextFunction, Request, Response } from 'express';

/** What the product makes anew for each request; files of the pages may well be unchanged. */
const MADE_ANEW = /^\/(api|ws|health|metrics)(\/|$)/i;

/** Answers of the API have no version that a client could hold: `If-None-Match: *` must not turn them into a 304. */
export function wholeAnswers(request: Request, _response: Response, next: NextFunction): void {
  if (MADE_ANEW.test(request.path)) delete request.headers['if-none-match'];
  next();
}
