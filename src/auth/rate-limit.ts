import type { ExecutionContext } from '@nestjs/common';

/** Counts the requests of the minute. A port, so that who may do what is decided without knowing how is counted. */
export abstract class RateLimit {
  /**
   * Counts this request, for its caller when it has one, else for its address, and tells the budget in headers.
   * @throws RateLimitExceeded
   */
  abstract count(context: ExecutionContext): Promise<void>;
}
