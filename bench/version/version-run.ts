import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceWorkerAnswer } from '../../test/simulator/index.js';
import type { Findings } from '../support/findings.js';
import { SeededRandom } from '../support/seeded-random.js';
import { quantile } from '../support/statistics.js';
import type { LinkedInstance, VersionStage } from './version-stage.js';

/** SESSION_OPENS_PER_SECOND when nobody sets it. */
const PACE = 5;
const CALLEE = '491590000900';
const CALLS = 10;
const OPEN_LIMIT_MS = 120_000;
const HEAL_LIMIT_MS = 60_000;
/** Each kind of useless answer is served for as long as it takes to ask twice. */
const USELESS_MS = 12_000;
const BETWEEN_QUESTIONS_MS = 4_000;
/** From the moment at which a session is due until the server sees it, beside the line for its turn. */
const SLACK_MS = 10_000;
const ARRIVAL_JITTER_MS = 100;
const POLL_MS = 100;

interface StoredAttempt {
  readonly name: string;
  readonly attempt: number;
  /** Epoch milliseconds; 0 = at once. */
  readonly notBefore: number;
}

/** Refuses the client version of many sessions, with and without a newer one, and looks at how they come back. */
export class VersionRun {
  private readonly random: SeededRandom;
  private readonly violations: string[] = [];
  private readonly loggedInAt = new Map<string, number>();
  private revision = 0;
  private calls = 0;

  constructor(
    private readonly stage: VersionStage,
    private readonly sessions: number,
    seed: number,
    private readonly say: (line: string) => void,
  ) {
    this.random = new SeededRandom(seed);
    stage.simulator.on('login', ({ number }) => void this.loggedInAt.set(number, Date.now()));
  }

  async run(): Promise<Findings> {
    const { simulator } = this.stage;
    simulator.addContact({ number: CALLEE });
    await this.stage.addSessions(this.sessions);
    await this.untilAllAreBack(0, OPEN_LIMIT_MS, 'the sessions are open');
    await this.untilAllAreConnected();
    this.revision = this.currentRevision();
    this.say(`${this.sessions} sessions are open, client version 2.3000.${this.revision}`);
    await this.call('before');
    const healed = await this.heal();
    await this.call('after the first refusal');
    const stranded = await this.strand();
    await this.call('after the second refusal');
    this.violations.push(
      ...simulator.violations,
      ...this.stage.nodes.flatMap(({ violations }) => violations),
    );
    this.checkLogs();
    return {
      figures: {
        sessions: this.sessions,
        nodes: this.stage.nodes.length,
        calls: this.calls,
        ...healed,
        ...stranded,
      },
      violations: this.violations,
    };
  }

  /** The server moves on, and WhatsApp Web with it. */
  private async heal() {
    const { simulator } = this.stage;
    const { serviceWorker } = simulator.versions;
    await this.stage.letTimePass();
    const asked = serviceWorker.requests.length;
    this.revision += this.random.integer(1, 100_000);
    serviceWorker.answer = { kind: 'file', revision: this.revision };
    const at = Date.now();
    const cut = simulator.versions.require(this.revision);
    this.say(`the server wants 2.3000.${this.revision} and cuts ${cut} sessions`);
    await this.untilAllAreBack(at, HEAL_LIMIT_MS, 'all sessions are back');
    const backMs = this.stage.instances.map(({ number }) => (this.loggedInAt.get(number) ?? NaN) - at);
    const questions = serviceWorker.requests.length - asked;
    if (questions !== 1) this.violations.push(`the service worker was asked for ${questions} times`);
    const most = this.mostInOneSecond(at, 'after the first refusal');
    await this.untilAllAreConnected();
    return {
      healed_ms_p50: Math.round(quantile(backMs, 0.5)),
      healed_ms_max: Math.round(quantile(backMs, 1)),
      service_worker_requests: questions,
      healed_connections_in_a_second_max: most,
    };
  }

  /** The server moves on, and for a while nobody can learn where to. */
  private async strand() {
    const { simulator, nodes } = this.stage;
    const { serviceWorker } = simulator.versions;
    const useless: ServiceWorkerAnswer[] = [
      { kind: 'garbage' },
      { kind: 'login-page' },
      { kind: 'down' },
      { kind: 'file', revision: this.revision - this.random.integer(1, 100_000) },
    ];
    const before = new Map((await this.attempts()).map(({ name, attempt }) => [name, attempt]));
    const asked = serviceWorker.requests.length;
    const killIn = this.random.integer(0, useless.length - 1);
    const killAfterMs = this.random.integer(1_000, USELESS_MS - 1_000);
    const at = Date.now();
    const cut = simulator.versions.require(this.revision + 1);
    this.say(`the server wants a version that nobody knows and cuts ${cut} sessions`);
    for (const [index, answer] of this.random.sample(useless, useless.length).entries()) {
      serviceWorker.answer = answer;
      this.say(`WhatsApp Web answers: ${answer.kind}`);
      const asking = this.keepAsking(USELESS_MS);
      if (index === killIn) {
        const node = this.random.pick(nodes);
        await sleep(killAfterMs);
        this.say(`SIGKILL for ${node.name}`);
        await node.kill();
        await node.start();
      }
      await asking;
    }
    // One after another, each session has had its turn by then.
    await sleep(Math.max(0, at + this.turnsMs() + USELESS_MS - Date.now()));
    const attempts = await this.attempts();
    for (const { name, attempt } of attempts) {
      if (attempt <= (before.get(name) ?? 0)) this.violations.push(`${name} did not try again`);
    }
    const relentedAt = Date.now();
    simulator.versions.require(this.revision);
    this.say('the server relents');
    const rungMs = Math.max(0, ...attempts.map(({ notBefore }) => notBefore - relentedAt));
    await this.untilAllAreBack(
      relentedAt,
      rungMs + this.turnsMs() + SLACK_MS,
      'all sessions are back within a rung',
    );
    const lateMs = attempts.map(({ name, notBefore }) => {
      const number = this.stage.instances.find((one) => one.name === name)?.number ?? '';
      return (this.loggedInAt.get(number) ?? NaN) - Math.max(notBefore, relentedAt);
    });
    const most = this.mostInOneSecond(at, 'while no newer version was known');
    await this.untilAllAreConnected();
    return {
      useless_service_worker_requests: serviceWorker.requests.length - asked,
      attempts_p50: quantile(
        attempts.map(({ name, attempt }) => attempt - (before.get(name) ?? 0)),
        0.5,
      ),
      longest_rung_ms: Math.round(rungMs),
      back_after_due_ms_p50: Math.round(quantile(lateMs, 0.5)),
      back_after_due_ms_max: Math.round(quantile(lateMs, 1)),
      stranded_connections_in_a_second_max: most,
    };
  }

  /** How long it takes until everybody has had a turn. */
  private turnsMs(): number {
    return (this.sessions / this.stage.nodes.length / PACE) * 1.15 * 1_000 + SLACK_MS;
  }

  private async keepAsking(ms: number): Promise<void> {
    for (const end = Date.now() + ms; Date.now() < end; await sleep(BETWEEN_QUESTIONS_MS))
      await this.stage.letTimePass();
  }

  /** Calls of a few sessions ring and end. */
  private async call(when: string): Promise<void> {
    const callers = this.random.sample(this.stage.instances, CALLS);
    await Promise.all(callers.map((caller) => this.callFrom(caller, when)));
  }

  private async callFrom({ name }: LinkedInstance, when: string): Promise<void> {
    try {
      const body = { number: CALLEE, duration: 1 };
      const { callId } = await this.stage.post(this.calls++, `/api/call/fake/${name}`, body);
      const isOver = (call: { callId: string; devices: readonly { ringStoppedAt?: number }[] }): boolean =>
        call.callId === callId && call.devices.every(({ ringStoppedAt }) => ringStoppedAt !== undefined);
      await this.stage.simulator.waitForCall(isOver, { timeoutMs: 15_000 });
    } catch (error) {
      this.violations.push(`a call of ${name} ${when}: ${String(error)}`);
    }
  }

  private async untilAllAreBack(sinceMs: number, limitMs: number, what: string): Promise<void> {
    const away = (): LinkedInstance[] =>
      this.stage.instances.filter(({ number }) => (this.loggedInAt.get(number) ?? -1) < sinceMs);
    const deadline = Math.max(sinceMs, Date.now()) + limitMs;
    while (away().length > 0) {
      if (Date.now() > deadline) {
        this.violations.push(
          `not within ${Math.round(limitMs / 1000)} s: ${what}; ${away().length} are missing`,
        );
        return;
      }
      await sleep(POLL_MS);
    }
  }

  /** As the product says. */
  private async untilAllAreConnected(): Promise<void> {
    const query = `SELECT count(*)::integer AS count FROM instances WHERE status <> 'connected'`;
    for (const deadline = Date.now() + SLACK_MS; ; await sleep(POLL_MS)) {
      const [row] = await this.stage.seeds.query<{ count: number }>(query);
      if (row?.count === 0) return;
      if (Date.now() > deadline)
        return void this.violations.push(`${row?.count} instances are not connected`);
    }
  }

  /** Most connections that one process opened within a second, as they arrive. */
  private mostInOneSecond(sinceMs: number, when: string): number {
    const records = this.stage.simulator.connectionRecords.filter(({ openedAt }) => openedAt >= sinceMs);
    const times = openingTimes(records);
    // What leaves within a second may arrive within a little less, when the machine is busy.
    const tooMany = Math.max(...times.map((own) => mostWithin(own, 1_000 - ARRIVAL_JITTER_MS)));
    if (tooMany > PACE) this.violations.push(`${tooMany} connections of one process within a second ${when}`);
    return Math.max(...times.map((own) => mostWithin(own, 1_000)));
  }

  private currentRevision(): number {
    const { answer } = this.stage.simulator.versions.serviceWorker;
    if (answer.kind !== 'file') throw new TypeError('The simulator serves no version');
    return Number(answer.revision);
  }

  private attempts(): Promise<StoredAttempt[]> {
    return this.stage.seeds.query<StoredAttempt>(
      `SELECT name, reconnect_attempt AS attempt,
         coalesce(extract(epoch FROM reconnect_not_before) * 1000, 0)::float8 AS "notBefore"
       FROM session_credentials JOIN instances ON instances.id = instance_id`,
    );
  }

  /** One line a process for all its sessions, at each of the two refusals. */
  private checkLogs(): void {
    for (const { log, lives, name } of this.stage.nodes) {
      const lines = log.match(/"msg":"WhatsApp refuses the client version[^"]*"/g) ?? [];
      if (lines.length > 2 * lives.length)
        this.violations.push(`${name} wrote ${lines.length} lines of refusals`);
    }
  }
}

function mostWithin(times: readonly number[], ms: number): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + ms).length));
}

/** Of each process by itself, which its query tells. */
function openingTimes(records: readonly { readonly query: string; readonly openedAt: number }[]): number[][] {
  const times = new Map<string, number[]>();
  for (const { query, openedAt } of records) {
    const known = times.get(query);
    if (known) known.push(openedAt);
    else times.set(query, [openedAt]);
  }
  return [...times.values()];
}
