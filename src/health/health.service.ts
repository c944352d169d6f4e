import { Injectable } from '@nestjs/common';
import { NodeDeparture } from '../cluster/node-departure.js';
import { FatalFaults } from '../common/errors/fatal-faults.js';
import { PRODUCT_NAME, PRODUCT_VERSION } from '../common/product.js';
import { Clock } from '../common/time/clock.js';
import { versionText } from '../whatsapp/client-version/client-version.js';
import { ClientVersions } from '../whatsapp/client-version/client-versions.js';
import { DatabaseProbe } from './database-probe.js';
import { NatsProbe } from './nats-probe.js';
import type { HealthChecksDto } from './dto/health-checks.dto.js';
import type { HealthReportDto } from './dto/health-report.dto.js';

/** Puts the checks together. */
@Injectable()
export class HealthService {
  constructor(
    private readonly database: DatabaseProbe,
    private readonly departure: NodeDeparture,
    private readonly nats: NatsProbe,
    private readonly versions: ClientVersions,
    private readonly faults: FatalFaults,
    private readonly clock: Clock,
  ) {}

  /** A process that is stopping is well; one that can do nothing any more is not. */
  async report(): Promise<HealthReportDto> {
    const db = await this.database.check();
    const nats = this.nats.check();
    return this.reportOf({
      db,
      ...processCheck(this.faults.first?.reason),
      ...(nats !== undefined && { nats }),
    });
  }

  /**
   * May requests be sent here? Without the broker still yes: every process has instances of its own, and if none were
   * ready, nobody would answer for any.
   */
  async readiness(): Promise<HealthReportDto> {
    const db = await this.database.check();
    return this.reportOf({ db, ...processCheck(this.departure.closedBecause) });
  }

  private reportOf(checks: HealthChecksDto): HealthReportDto {
    const { revision, source } = this.versions.current;
    return {
      status: Object.values(checks).every((check) => check === 'ok') ? 'ok' : 'degraded',
      service: PRODUCT_NAME,
      version: PRODUCT_VERSION,
      uptime: Math.floor(process.uptime()),
      timestamp: this.clock.now().toISOString(),
      checks,
      whatsappWebVersion: { version: versionText(revision), source },
    };
  }
}

function processCheck(reason: string | undefined): Pick<HealthChecksDto, 'process'> {
  return reason === undefined ? {} : { process: `fail: ${reason}` };
}
