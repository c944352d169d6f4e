import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { InvalidToken, MissingToken } from '../auth/auth.errors.js';
import { presentedToken } from '../auth/presented-token.js';
import { sameSecret } from '../auth/same-secret.js';
import { AppConfig } from '../config/app-config.js';

/** With `METRICS_TOKEN` set, the metrics are for those who know it; else for everybody. */
@Injectable()
export class MetricsTokenGuard implements CanActivate {
  constructor(private readonly config: AppConfig) {}

  canActivate(context: ExecutionContext): boolean {
    const { metricsToken } = this.config;
    if (metricsToken === undefined) return true;
    const token = presentedToken(context.switchToHttp().getRequest<Request>().headers);
    if (token === undefined) throw new MissingToken();
    if (!sameSecret(token, metricsToken)) throw new InvalidToken();
    return true;
  }
}
