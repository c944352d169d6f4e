import type { NextFunction, Request, Response } from 'express';

/** Answers are data for one client: nobody guesses their type, frames them, or learns where a link came from. */
export function securityHeaders(request: Request, response: Response, next: NextFunction): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('X-Frame-Options', 'DENY');
  response.setHeader('Referrer-Policy', 'no-referrer');
  // Answers of the API carry tokens and QR codes.
  if (request.path.startsWith('/api/')) response.setHeader('Cache-Control', 'no-store');
  next();
}
