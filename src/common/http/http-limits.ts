import type { ServerOptions } from 'node:http';

/** Sizes that no request needs to pass. A body has a limit of its own, in `json-body`. */
export const HTTP_LIMITS = {
  /** Path and query, characters. */
  addressLength: 8192,
  /** Request line and header fields together, bytes. */
  headerBytes: 16_384,
  headerCount: 100,
} as const;

/** Longer than the idle limit of common load balancers (60 s), so that it is they who close a connection. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** How late a time-out may be noticed; Node's own value is 30 s. */
const CONNECTIONS_CHECK_MS = 1000;

/**
 * Limits of an HTTP server against clients that send one byte now and then to hold a connection. A time-out is for
 * receiving a request; an answer may take longer.
 *
 * @param requestTimeoutMs for a whole request; half of it for its headers, or for saying nothing on a new connection
 */
export function httpServerOptions(requestTimeoutMs: number): ServerOptions {
  return {
    maxHeaderSize: HTTP_LIMITS.headerBytes,
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs / 2,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: CONNECTIONS_CHECK_MS,
    // Node would answer without the envelope; `request-limits` does it with one.
    requireHostHeader: false,
  };
}
