import { setTimeout as sleep } from 'node:timers/promises';
import { outreachOf } from '../../test/support/outreach.js';
import type { Answer, Stage } from '../../test/support/stage.js';
import { askOnce } from './chaos-request.js';
import type { SeededRandom } from './seeded-random.js';

/** A restriction is lifted within this time of its end, or of the start that follows it. */
const LIFT_LIMIT_MS = 10_000;
const ROUND_LIMIT_MS = 60_000;
const LOOPS_PER_CALLER = 2;
const HELD_BACK = /no calls (?:to new contacts )?until (\S+)$/;

interface Caller {
  readonly name: string;
  readonly number: string;
}

/**
 * `limited`: offers are refused with 429; `locked`: with 463 by a time-lock; `noticed`: a time-lock that is also told.
 */
export interface Restriction extends Caller {
  readonly kind: 'limited' | 'locked' | 'noticed';
  /** When it begins, milliseconds after the round. */
  readonly afterMs: number;
  /** How long a time-lock lasts. */
  readonly seconds: number;
}

export interface RestrictionPlan {
  readonly callers: readonly Caller[];
  readonly callees: readonly string[];
  readonly restrictions: readonly Restriction[];
  /** When the product is killed, milliseconds after the round began. */
  readonly killsAfterMs: number | undefined;
  readonly random: SeededRandom;
}

export interface RestrictionReport {
  readonly calls: number;
  /** Calls that were answered with 429 from memory. */
  readonly heldBack: number;
  readonly liftedAfterMs: readonly number[];
  readonly violations: readonly string[];
}

/** Epoch milliseconds. `answer` undefined: the product died before it answered. */
interface Attempt {
  readonly name: string;
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly answer: Answer | undefined;
}

/** Calls of several accounts, restrictions of some of them, and a look at what was sent meanwhile. */
export class RestrictionRound {
  private readonly attempts: Attempt[] = [];
  private readonly violations: string[] = [];
  private readonly liftedAfterMs: number[] = [];
  private readyAt = 0;
  private isOver = false;

  constructor(
    private readonly stage: Stage,
    private readonly plan: RestrictionPlan,
  ) {}

  async run(): Promise<RestrictionReport> {
    const { callers, restrictions } = this.plan;
    const loops = callers.flatMap((caller) =>
      Array.from({ length: LOOPS_PER_CALLER }, () => this.keepCalling(caller)),
    );
    await Promise.all([this.kill(), ...restrictions.map((one) => this.restrict(one))]);
    this.isOver = true;
    await Promise.all(loops);
    for (const restriction of restrictions) this.checkSilence(restriction);
    this.checkOthers();
    return {
      calls: this.attempts.length,
      heldBack: this.attempts.filter(({ answer }) => endIn(answer) !== undefined).length,
      liftedAfterMs: this.liftedAfterMs,
      violations: this.violations,
    };
  }

  private async keepCalling({ name }: Caller): Promise<void> {
    const { random, callees } = this.plan;
    while (!this.isOver) {
      const wanted = {
        instance: name,
        number: random.pick(callees),
        durationSeconds: 1,
        key: undefined,
        afterMs: 0,
      };
      const askedAt = Date.now();
      const answer = await askOnce(this.stage, wanted);
      this.attempts.push({ name, askedAt, answeredAt: Date.now(), answer });
      await sleep(random.integer(50, 250));
    }
  }

  private async kill(): Promise<void> {
    const { killsAfterMs, callers } = this.plan;
    if (killsAfterMs === undefined) return;
    await sleep(killsAfterMs);
    await this.stage.product.kill();
    await this.stage.restart();
    this.readyAt = Date.now();
    for (const { name } of callers) await this.stage.untilStatus(name, 'connected', ROUND_LIMIT_MS);
  }

  private async restrict(restriction: Restriction): Promise<void> {
    const { name, number, kind, afterMs, seconds } = restriction;
    const { limits } = this.stage.simulator;
    await sleep(afterMs);
    if (kind === 'limited') limits.limitCalls(number, Date.now() + ROUND_LIMIT_MS);
    else limits.lockReachout(number, Math.floor(Date.now() / 1000) + seconds);
    if (kind === 'noticed') limits.noticeReachoutLock(number);
    try {
      await this.stage.until(() => this.refusals(name).length > 0, `${name} is refused`, ROUND_LIMIT_MS);
      limits.limitCalls(number, undefined);
      await this.stage.until(() => this.endOf(name) !== undefined, `${name} is held back`, ROUND_LIMIT_MS);
      await this.waitForLift(name);
      await this.stage.until(
        () => this.attempts.some((one) => one.name === name && isPlacedAfter(one, this.endOf(name))),
        `${name} calls again`,
        ROUND_LIMIT_MS,
      );
    } catch (error) {
      this.violations.push(String(error));
    } finally {
      limits.limitCalls(number, undefined);
      limits.lockReachout(number, undefined);
    }
  }

  private async waitForLift(name: string): Promise<void> {
    const end = this.endOf(name) ?? 0;
    await sleep(Math.max(0, end - Date.now()));
    const isLifted = async (): Promise<boolean> => {
      const instance = await this.stage.instance(name).catch(() => undefined);
      const connection = instance?.connection as { restrictedUntil: string | null } | undefined;
      return connection?.restrictedUntil === null;
    };
    await this.stage.until(isLifted, `${name} is lifted`, ROUND_LIMIT_MS);
    const lateMs = Date.now() - Math.max(end, this.readyAt);
    this.liftedAfterMs.push(lateMs);
    if (lateMs > LIFT_LIMIT_MS) this.violations.push(`${name} was lifted ${lateMs} ms late`);
  }

  /**
   * From the first refusal that the client saw until the end nothing is sent and every call is refused: no callee has issued a
   * trust token.
   */
  private checkSilence({ name, number }: Restriction): void {
    const [first] = this.refusals(name);
    const end = this.endOf(name);
    if (!first || end === undefined) return;
    const from = first.answeredAt;
    // Calls that were asked for earlier may be in the middle of a look-up; their offers must not leave all the same.
    const earlier = this.attempts.filter((one) => one.name === name && one.askedAt <= from);
    const quietFrom = Math.max(...earlier.map(({ answeredAt }) => answeredAt));
    for (const { at, node } of outreachOf(this.stage.simulator, number)) {
      if (at > (node.tag === 'call' ? from : quietFrom) && at < end) {
        this.violations.push(`${name} sent ${node.tag} ${end - at} ms before the end of its restriction`);
      }
    }
    for (const { name: caller, askedAt, answeredAt, answer } of this.attempts) {
      if (caller !== name || askedAt < from || answeredAt >= end || isAway(answer)) continue;
      const isRefused = answer?.status === 429 && Number(answer.headers.get('retry-after')) > 0;
      if (!isRefused) this.violations.push(`${name} answered ${answer?.status} while restricted`);
    }
  }

  /** An account that nobody restricts is served as if nothing happened. */
  private checkOthers(): void {
    const restricted = new Set(this.plan.restrictions.map(({ name }) => name));
    for (const { name, answer } of this.attempts) {
      if (restricted.has(name) || isAway(answer) || answer?.status === 200) continue;
      this.violations.push(`${name}, which is not restricted, answered ${answer?.status}`);
    }
  }

  private refusals(name: string): Attempt[] {
    return this.attempts.filter((one) => one.name === name && one.answer?.status === 429);
  }

  /** The end that the calls were told, epoch milliseconds. */
  private endOf(name: string): number | undefined {
    for (const { answer } of this.refusals(name)) {
      const end = endIn(answer);
      if (end !== undefined) return end;
    }
    return undefined;
  }
}

function endIn(answer: Answer | undefined): number | undefined {
  const message = (answer?.body.error as { message?: string } | undefined)?.message ?? '';
  const time = HELD_BACK.exec(message)?.[1];
  return time === undefined ? undefined : Date.parse(time);
}

function isPlacedAfter({ askedAt, answer }: Attempt, end: number | undefined): boolean {
  return answer?.status === 200 && end !== undefined && askedAt >= end;
}

/** The product was killed, or its sessions are not back yet. */
function isAway(answer: Answer | undefined): boolean {
  return answer === undefined || answer.status === 503;
}
