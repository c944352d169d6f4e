import type { IncomingHttpHeaders } from 'node:http';

const BEARER = /^Bearer +(\S+) *$/i;

/** The token of a request: the header `token`, else `Authorization: Bearer`. Never from the address, which is logged. */
export function presentedToken(headers: IncomingHttpHeaders): string | undefined {
  const { token, authorization } = headers;
  if (typeof token === 'string' && token.trim() !== '') return token.trim();
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
}
