const REQUEST_HEADERS = ['token', 'Authorization', 'Content-Type', 'Idempotency-Key', 'X-Request-Id'];
const ANSWER_HEADERS = [
  'X-Request-Id',
  'X-Error-Code',
  'Retry-After',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'Idempotency-Replayed',
];
const PREFLIGHT_MAX_AGE_SECONDS = 600;

/**
 * Which web pages of others may call the API from a browser: those of exactly these origins. No credentials of the
 * browser are involved, the page has to know a token. `allowed-methods` answers the preflight.
 */
export function corsOptions(origins: readonly string[]) {
  return {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    allowedHeaders: REQUEST_HEADERS,
    exposedHeaders: ANSWER_HEADERS,
    credentials: false,
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
    preflightContinue: true,
  };
}
