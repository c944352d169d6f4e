import { Injectable } from '@nestjs/common';
import { AccessTokens } from '../accounts/access-tokens.js';
import type { Caller } from '../common/http/caller.js';
import { AppConfig } from '../config/app-config.js';
import { sameSecret } from './same-secret.js';

/** Tells who sends a token: the administrator, an account or an instance. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly tokens: AccessTokens,
    private readonly config: AppConfig,
  ) {}

  /** `undefined` for a token that opens nothing. */
  async callerOf(token: string): Promise<Caller | undefined> {
    const { adminToken } = this.config;
    if (adminToken !== undefined && sameSecret(token, adminToken)) return { kind: 'admin' };
    return this.tokens.resolve(token);
  }
}
