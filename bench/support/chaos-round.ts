import { setTimeout as sleep } from 'node:timers/promises';
import type { CallRecord } from '../../test/simulator/index.js';
import { runSql } from '../../test/support/postgres.js';
import type { Answer, Stage } from '../../test/support/stage.js';
import { askOnce, askUntilAnswered, type WantedCall } from './chaos-request.js';

/** The promise: what an earlier process left ringing stops within this time of the ready line, or of its own end. */
const HANG_UP_LIMIT_MS = 10_000;
const END_LIMIT_MS = 25_000;

/** When a round kills the product. */
export interface Kills {
  readonly afterMs: number;
  /** Lives of processes that are killed while they start. */
  readonly startsMs: readonly number[];
}

export interface RoundReport {
  readonly offers: number;
  readonly ringingWhenKilled: number;
  /** For each device that rang when the product was killed and whose time was over since. */
  readonly hangUpAfterRestartMs: readonly number[];
  readonly violations: readonly string[];
}

/** Calls under way, a SIGKILL, a restart, and a look at what became of everything. */
export class ChaosRound {
  private readonly answers = new Map<WantedCall, Answer>();
  private readonly violations: string[] = [];
  private readonly startedAt = Date.now();

  constructor(
    private readonly stage: Stage,
    private readonly wanted: readonly WantedCall[],
  ) {}

  async run({ afterMs, startsMs }: Kills): Promise<RoundReport> {
    const requests = this.wanted.map((one) => this.request(one));
    await sleep(afterMs);
    const killedAt = Date.now();
    const ringing = this.calls.flatMap(({ devices }) => devices.filter(isRinging));
    await this.stage.product.kill();
    await Promise.all(requests);
    for (const startMs of startsMs) await this.stage.restartAndKill(startMs);
    await this.stage.restart();
    const readyAt = Date.now();
    await Promise.all(this.wanted.filter(({ key }) => key !== undefined).map((one) => this.repeat(one)));
    await this.waitForSilence(readyAt);
    await this.waitForEnds();
    await this.checkInstances();
    this.checkOffers();
    return {
      offers: this.calls.length,
      ringingWhenKilled: ringing.length,
      hangUpAfterRestartMs: this.hangUpTimes(killedAt, readyAt),
      violations: this.violations,
    };
  }

  private get calls(): CallRecord[] {
    return this.stage.simulator.calls.filter(({ offeredAt }) => offeredAt >= this.startedAt);
  }

  private async request(wanted: WantedCall): Promise<void> {
    await sleep(wanted.afterMs);
    const answer = await askOnce(this.stage, wanted);
    if (answer) this.answers.set(wanted, answer);
  }

  /** The client that got no answer asks again; the one that got one must get the same. */
  private async repeat(wanted: WantedCall): Promise<void> {
    try {
      const before = this.answers.get(wanted);
      const { status, body } = await askUntilAnswered(this.stage, wanted);
      const isTheSame = before?.status === status && before.body.callId === body.callId;
      if (before?.status === 200 && !isTheSame) {
        this.violations.push(`${String(wanted.key)} was answered ${status}, and with 200 before`);
      }
    } catch (error) {
      this.violations.push(`${String(wanted.key)}: ${String(error)}`);
    }
  }

  private async waitForSilence(readyAt: number): Promise<void> {
    const longestMs = Math.max(...this.wanted.map(({ durationSeconds }) => durationSeconds)) * 1000;
    const limitMs = longestMs + HANG_UP_LIMIT_MS - (Date.now() - readyAt);
    const rings = (): CallRecord[] => this.calls.filter(({ devices }) => devices.some(isRinging));
    await this.stage.until(() => rings().length === 0, 'no phone rings', limitMs).catch(() => undefined);
    for (const { callId } of rings()) this.violations.push(`call ${callId} rings on`);
  }

  private async waitForEnds(): Promise<void> {
    const live = `SELECT count(*)::int FROM calls WHERE state <> 'ended'`;
    const haveEnded = async (): Promise<boolean> => (await runSql(this.stage.databaseUrl, live)) === 0;
    await this.stage.until(haveEnded, 'calls end', END_LIMIT_MS).catch(() => {
      this.violations.push('a call has no end');
    });
  }

  private async checkInstances(): Promise<void> {
    for (const name of new Set(this.wanted.map(({ instance }) => instance))) {
      await this.stage
        .untilStatus(name, 'connected')
        .catch(() => this.violations.push(`${name} did not come back`));
    }
  }

  private checkOffers(): void {
    for (const { number, key } of this.wanted) {
      const offers = this.calls.filter(({ calleeNumber }) => calleeNumber === number);
      if (offers.length > 1)
        this.violations.push(`${key ?? 'one request'} rang ${number} ${offers.length} times`);
    }
    const answered = [...this.answers.values()].flatMap(({ status, body }) =>
      status === 200 ? [body.callId] : [],
    );
    for (const callId of answered) {
      if (!this.calls.some((call) => call.callId === callId)) {
        this.violations.push(`call ${String(callId)} was answered with 200 and never offered`);
      }
    }
  }

  private hangUpTimes(killedAt: number, readyAt: number): number[] {
    return this.calls.flatMap(({ calleeNumber, devices }) => {
      const wanted = this.wanted.find(({ number }) => number === calleeNumber);
      const ringMs = (wanted?.durationSeconds ?? 0) * 1000;
      return devices.flatMap(({ ringingSince, ringStoppedAt }) => {
        if (ringingSince === undefined || ringingSince > killedAt) return [];
        if (ringStoppedAt === undefined || ringStoppedAt < killedAt) return [];
        const lateMs = ringStoppedAt - Math.max(readyAt, ringingSince + ringMs);
        if (lateMs > HANG_UP_LIMIT_MS) this.violations.push(`a phone rang ${lateMs} ms too long`);
        return [Math.max(0, lateMs)];
      });
    });
  }
}

function isRinging({ ringingSince, ringStoppedAt }: CallRecord['devices'][number]): boolean {
  return ringingSince !== undefined && ringStoppedAt === undefined;
}
