import { Injectable } from '@nestjs/common';
import { WindowStorage } from '../auth/window-storage.js';
import { TooManyAttempts } from './pairing.errors.js';

const WINDOW_MS = 10 * 60_000;
const ATTEMPTS = 20;

/**
 * How often linking may be started from pages: 20 times in 10 minutes for each instance. Whoever has an address could
 * otherwise make WhatsApp notify any number, and get the instance's network address limited.
 */
@Injectable()
export class AttemptBudget {
  constructor(private readonly storage: WindowStorage) {}

  /** @throws TooManyAttempts */
  async take(instanceId: string): Promise<void> {
    const hits = await this.storage.increment(`pairing-attempts:${instanceId}`, WINDOW_MS, ATTEMPTS);
    if (hits.isBlocked) throw new TooManyAttempts(Math.ceil(hits.timeToBlockExpire));
  }
}
