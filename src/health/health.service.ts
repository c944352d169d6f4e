import { Injectable } from '@nestjs/common';
import { NodeDeparture } from '../cluster/node-departure.js';
import { PRODUCT_NAME, PRODUCT_VERSION } from '../common/product.js';
import { Clock } from '../common/time/clock.js';
import { DatabaseProbe } from './database-probe.js';
import type { HealthReportDto } from './dto/health-report.dto.js';

/** Puts the checks together. */
@Injectable()
export class HealthService {
  constructor(
    private readonly database: DatabaseProbe,
    private readonly departure: NodeDeparture,
    private readonly clock: Clock,
  ) {}

  async report(): Promise<HealthReportDto> {
    const db = await this.database.check();
    return {
      status: db === 'ok' ? 'ok' : 'degraded',
      service: PRODUCT_NAME,
      version: PRODUCT_VERSION,
      uptime: Math.floor(process.uptime()),
      timestamp: this.clock.now().toISOString(),
      checks: { db },
    };
  }

  /** May requests be sent here? */
  async readiness(): Promise<HealthReportDto> {
    const report = await this.report();
    const reason = this.departure.closedBecause;
    if (reason === undefined) return report;
    return { ...report, status: 'degraded', checks: { ...report.checks, process: `fail: ${reason}` } };
  }
}
