import { setTimeout as sleep } from 'node:timers/promises';
import { ApiDocument } from '../fuzz/api-document.js';
import type { Findings } from '../support/findings.js';
import { SeededRandom } from '../support/seeded-random.js';
import { CallLoad } from './call-load.js';
import type { ClusterStage } from './cluster-stage.js';
import { EventListener } from './event-listener.js';
import type { PlannedFault } from './fault-plan.js';
import { FaultRunner } from './fault-runner.js';
import { judge } from './judge.js';
import type { OwnerHistory } from './owner-history.js';
import type { Violation } from './violation.js';
import { Witness } from './witness.js';

const FIRST_CALLER = 491510000500;
const LISTENERS = 3;
const POLL_MS = 200;
const LINK_LIMIT_MS = 20_000;
const WARM_UP_MS = 3000;
const SETTLE_LIMIT_MS = 45_000;
const EVENTS_LIMIT_MS = 90_000;

type Say = (line: string) => void;

/** Linked instances and calls on a cluster, a row of faults, peace, and a look at what became of everything. */
export class ClusterRun {
  private readonly instances: readonly string[];
  private readonly numbers = new Map<string, string>();
  private readonly violations: Violation[] = [];
  private readonly load: CallLoad;
  private readonly listeners: EventListener[];

  constructor(
    private readonly stage: ClusterStage,
    private readonly signal: AbortSignal,
    sessions: number,
    private readonly seed: number,
    private readonly say: Say,
  ) {
    this.instances = Array.from({ length: sessions }, (_, index) => `shop-${index + 1}`);
    this.load = new CallLoad(stage, this.instances, new SeededRandom(seed + 1), seed);
    this.listeners = this.instances
      .slice(0, LISTENERS)
      .map((instance, index) => new EventListener(stage, instance, new SeededRandom(seed + 2 + index)));
  }

  async run(plan: readonly PlannedFault[]): Promise<Findings> {
    const { stage } = this;
    const history = await stage.start();
    const api = await this.setUp();
    const witness = new Witness(stage.simulator);
    this.say(`${stage.nodes.length} nodes hold ${this.instances.length} instances`);
    const faults = await FaultRunner.of(stage, this.signal);
    const startedAt = Date.now();
    this.load.start();
    for (const listener of this.listeners) listener.start();
    await this.pause(WARM_UP_MS);
    for (const [index, { fault, pauseMs }] of plan.entries()) {
      const words = await faults.begin(index + 1, fault);
      this.say(`step ${index + 1}/${plan.length}: ${words}`);
      await this.pause(pauseMs);
    }
    await faults.settled();
    this.say('everything is there again');
    await this.settle(history);
    const everything = {
      stage,
      witness,
      faults,
      history,
      api,
      load: this.load,
      numbers: this.numbers,
      listeners: this.listeners,
      period: { from: startedAt, to: Date.now() },
      violations: this.violations,
    };
    return judge(everything, this.seed);
  }

  private async setUp(): Promise<ApiDocument> {
    const { stage } = this;
    const [first] = stage.nodes;
    if (!first) throw new RangeError('There are no nodes');
    const made = async (route: string, body?: unknown): Promise<Record<string, unknown>> => {
      const answer = await stage.ask(first, route, body === undefined ? {} : { method: 'POST', body });
      if (answer.status >= 300) throw new Error(`${route}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    };
    for (const [index, name] of this.instances.entries()) {
      const number = String(FIRST_CALLER + index);
      this.numbers.set(number, name);
      await made('/api/instance/new', { name });
      await made(`/api/events/webhook/${name}`, { enabled: true, url: stage.receiver.url });
      await made(`/api/events/websocket/${name}`, { enabled: true, events: [] });
      const { qrCode } = await made(`/api/instance/connect/${name}`);
      await stage.simulator.addPhone({ number, name: 'Ana' }).scanQr(String(qrCode));
    }
    await this.until('all instances are connected', LINK_LIMIT_MS, () => this.allAreConnected());
    return new ApiDocument(await made('/docs/openapi.json'));
  }

  /** The calls end, the clients get their answers, and the last events go out. */
  private async settle(history: OwnerHistory): Promise<void> {
    await this.load.stop();
    await this.until('all instances are connected', SETTLE_LIMIT_MS, () => this.allAreConnected());
    for (const { instance, tries } of await this.load.placeOneEach()) {
      const { status, code } = tries.at(-1) ?? {};
      this.note(`${instance} places no call although all is well: ${status} ${code}`);
    }
    await this.untilNone('calls have ended', history, `SELECT 1 FROM calls WHERE state <> 'ended'`);
    await this.untilNone(
      'events are delivered',
      history,
      `SELECT 1 FROM webhook_deliveries WHERE status <> 'delivered'`,
    );
    for (const listener of this.listeners) await listener.stop();
  }

  private async allAreConnected(): Promise<boolean> {
    for (const node of this.stage.nodes) {
      const { status, body } = await this.stage.ask(node, '/api/instance/list');
      const instances = (body.instances ?? []) as { status: string }[];
      const connected = instances.filter((one) => one.status === 'connected').length;
      if (status !== 200 || connected < this.instances.length) return false;
    }
    return true;
  }

  private untilNone(what: string, history: OwnerHistory, query: string): Promise<void> {
    return this.until(`all ${what}`, EVENTS_LIMIT_MS, async () => (await history.query(query)).length === 0);
  }

  /** Notes a violation when it does not come true. */
  private async until(what: string, limitMs: number, condition: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + limitMs;
    while (!(await condition().catch(() => false))) {
      if (Date.now() > deadline) return this.note(`not within ${limitMs / 1000} s: ${what}`);
      await this.pause(POLL_MS);
    }
  }

  private note(text: string): void {
    this.violations.push({ at: Date.now(), text });
  }

  private pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.signal });
  }
}
