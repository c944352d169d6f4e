import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecord } from '../../test/simulator/index.js';
import { runSql } from '../../test/support/postgres.js';
import type { Stage } from '../../test/support/stage.js';

const ANSWER_LIMIT_MS = 1_300;
const RECOVERY_LIMIT_MS = 10_000;
const DRIFT_LIMIT_MS = 300;
const BETWEEN_REQUESTS_MS = 250;
const RING_SECONDS = [2, 4, 6] as const;

export interface OutageReport {
  readonly answersMs: readonly number[];
  readonly hangUpDriftMs: readonly number[];
  readonly recoveryMs: number;
  readonly violations: readonly string[];
}

/** Phones ring, the database goes away, clients go on asking, the database comes back. */
export class Outage {
  private readonly violations: string[] = [];

  constructor(
    private readonly stage: Stage,
    private readonly instance: string,
    private readonly newNumber: () => string,
  ) {}

  async run(begin: () => Promise<void>, durationMs: number, end: () => void): Promise<OutageReport> {
    const { simulator } = this.stage;
    const logins = simulator.sessions.map(({ openedAt }) => openedAt).join();
    const rings = await Promise.all(RING_SECONDS.map((seconds) => this.ring(seconds)));
    await begin();
    const answersMs = await this.askFor(durationMs);
    end();
    const endedAt = Date.now();
    await this.stage
      .until(
        async () => (await this.stage.get('/health')).status === 200,
        'the health is good',
        RECOVERY_LIMIT_MS,
      )
      .catch(() => this.violations.push('the product did not recover in time'));
    await this.ring(1);
    const recoveryMs = Date.now() - endedAt;
    if (recoveryMs > RECOVERY_LIMIT_MS)
      this.violations.push(`everything was normal after ${recoveryMs} ms only`);
    for (const { callId } of rings) await this.checkRow(callId);
    if (simulator.sessions.map(({ openedAt }) => openedAt).join() !== logins) {
      this.violations.push('a session was lost');
    }
    return {
      answersMs,
      hangUpDriftMs: rings.flatMap((ring) => this.drifts(ring)),
      recoveryMs,
      violations: this.violations,
    };
  }

  private async ring(seconds: number): Promise<{ callId: string; seconds: number }> {
    const { status, body } = await this.stage.call(this.instance, {
      number: this.newNumber(),
      duration: seconds,
    });
    const callId = String(body.callId);
    if (status === 200)
      await this.stage.simulator.waitForCall((call) => call.callId === callId && isRinging(call));
    else this.violations.push(`a call was answered ${status} while the database was well`);
    return { callId, seconds };
  }

  private async askFor(durationMs: number): Promise<number[]> {
    const until = Date.now() + durationMs;
    const took: number[] = [];
    while (Date.now() < until) {
      const startedAt = Date.now();
      const { status, headers } = await this.stage.call(this.instance, {
        number: this.newNumber(),
        duration: 1,
      });
      took.push(Date.now() - startedAt);
      if (status !== 503) this.violations.push(`a call was answered ${status} without a database`);
      else if (!headers.has('retry-after')) this.violations.push('a 503 came without Retry-After');
      await sleep(BETWEEN_REQUESTS_MS);
    }
    for (const ms of took) if (ms > ANSWER_LIMIT_MS) this.violations.push(`an answer took ${ms} ms`);
    return took;
  }

  private async checkRow(callId: string): Promise<void> {
    const row = `SELECT outcome FROM calls WHERE call_id = '${callId}'`;
    await this.stage
      .until(
        async () => (await runSql(this.stage.databaseUrl, row)) === 'completed',
        callId,
        RECOVERY_LIMIT_MS,
      )
      .catch(() => this.violations.push(`call ${callId} has not ended as completed`));
  }

  private drifts({ callId, seconds }: { callId: string; seconds: number }): number[] {
    const call = this.stage.simulator.calls.find((one) => one.callId === callId);
    return (call?.devices ?? []).map(({ ringingSince = 0, ringStoppedAt = Infinity }) => {
      const driftMs = Math.abs(ringStoppedAt - ringingSince - seconds * 1000);
      if (driftMs > DRIFT_LIMIT_MS) this.violations.push(`a ring of ${seconds} s ended ${driftMs} ms off`);
      return driftMs;
    });
  }
}

function isRinging({ devices }: CallRecord): boolean {
  return devices.every(({ ringingSince }) => ringingSince !== undefined);
}
