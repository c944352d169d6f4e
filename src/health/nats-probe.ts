import { Injectable } from '@nestjs/common';
import { NodeLink } from '../cluster/node-link.js';
import { AppConfig } from '../config/app-config.js';
import type { CheckResult } from './database-probe.js';

/** Whether this process and the others can reach each other. */
@Injectable()
export class NatsProbe {
  constructor(
    private readonly config: AppConfig,
    private readonly link: NodeLink,
  ) {}

  /** `undefined`: this process is alone and needs no broker. */
  check(): CheckResult | undefined {
    if (this.config.natsUrl === undefined) return undefined;
    return this.link.isUp ? 'ok' : 'fail: the broker cannot be reached';
  }
}
