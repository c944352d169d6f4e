import type { Response } from 'express';

/**
 * What a page of the product may do: load its own scripts and styles, talk to its own server, show pictures that it
 * got from there (QR codes are PNG data). Nothing inline, nothing foreign, in nobody's frame.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE_HEADERS = {
  'Content-Type': 'text/html; charset=utf-8',
  'X-Robots-Tag': 'noindex, nofollow',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
  'Cache-Control': 'no-store',
} as const;

/** Answers with a page that is for its visitor alone: strict policy, not kept, not indexed, no referrer. */
export function sendPage(response: Response, html: string, policy = PAGE_POLICY): void {
  response.setHeader('Content-Security-Policy', policy);
  for (const [name, value] of Object.entries(PAGE_HEADERS)) response.setHeader(name, value);
  response.send(html);
}
