import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { clientNetwork } from '../common/net/client-network.js';
import { Clock } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { RateLimitExceeded } from './auth.errors.js';
import { budgetKey, showBudget } from './count-request.js';
import { RefusalPace } from './refusal-pace.js';
import { WindowStorage } from './window-storage.js';

const WINDOW_MS = 60_000;

/**
 * Wrong tokens that an address has sent. One that sent too many of them is blocked until its minute ends, whatever it sends
 * next: a guess that is not looked up teaches nothing, not even when it is right. Others behind the same address are blocked
 * with it, for a minute at most. Requests without a token are no guesses.
 */
@Injectable()
export class FailedTokens {
  constructor(
    private readonly storage: WindowStorage,
    private readonly config: AppConfig,
    private readonly clock: Clock,
    private readonly refusals: RefusalPace,
  ) {}

  /** @throws RateLimitExceeded */
  async requireUnblocked(request: Request, response: Response): Promise<void> {
    const { rateLimitPerAddress: limit } = this.config;
    const seconds = this.storage.blockedSeconds(keyOf(request), limit);
    if (seconds <= 0) return;
    showBudget(response, { limit, remaining: 0, seconds }, this.clock);
    await this.refusals.turn(clientNetwork(request.ip), response);
    throw new RateLimitExceeded(Math.ceil(seconds));
  }

  async count(request: Request): Promise<void> {
    await this.storage.increment(keyOf(request), WINDOW_MS, this.config.rateLimitPerAddress);
  }
}

function keyOf({ ip }: Request): string {
  return budgetKey('failed-tokens', clientNetwork(ip));
}
