import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';

const TIME_LIMIT_MS = 2000;

/** `ok`, or `fail: ` and a reason in plain words. */
export type CheckResult = 'ok' | `fail: ${string}`;

/** Asks the database for a sign of life. */
@Injectable()
export class DatabaseProbe {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Answers within 2 seconds and never throws. */
  async check(): Promise<CheckResult> {
    return new Promise((resolve) => {
      const timer = this.clock.schedule(TIME_LIMIT_MS, () => resolve('fail: no answer within 2 seconds'));
      this.dataSource
        .query<{ readonly: string }[]>(`SELECT current_setting('transaction_read_only') AS readonly`)
        .then(
          ([row]) => resolve(row?.readonly === 'off' ? 'ok' : 'fail: the database takes no changes'),
          (err: unknown) => {
            // The reason names hosts and users, which is not for everybody who may ask for the health.
            this.log.warn('The database does not answer the health check', { err });
            resolve('fail: the database cannot be reached');
          },
        )
        .finally(() => timer.cancel());
    });
  }
}
