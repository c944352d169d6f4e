import type { NextFunction, Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';

/** 180 days, in seconds. */
const HSTS_MAX_AGE = 180 * 86_400;
/** Answers of the API carry tokens and QR codes. */
const NOT_KEPT = /^\/(api|ws)(\/|$)/i;

/** What a document may do that is no page: nothing. Pages bring policies of their own, which replace this one. */
const DATA_POLICY = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/**
 * Answers are data for one client: nobody guesses their type, frames them, keeps them, or learns where a link came from.
 *
 * @param publicUrl browsers are told to stay with HTTPS only when this says that there is HTTPS, and only for this very
 * host: its neighbours are not ours
 */
export function securityHeaders(publicUrl: string | undefined): RequestHandler[] {
  const headers = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: DATA_POLICY },
    strictTransportSecurity: publicUrl?.startsWith('https:')
      ? { maxAge: HSTS_MAX_AGE, includeSubDomains: false }
      : false,
    xFrameOptions: { action: 'deny' },
  });
  return [headers, keepNothing];
}

function keepNothing(request: Request, response: Response, next: NextFunction): void {
  if (NOT_KEPT.test(request.path)) response.setHeader('Cache-Control', 'no-store');
  next();
}
