import { readFile } from 'node:fs/promises';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Stage } from '../../test/support/stage.js';
import { HostileStanzas } from './hostile-stanzas.js';
import type { SeededRandom } from './seeded-random.js';
import { slope } from './statistics.js';
import type { Findings } from './findings.js';

const WITNESS = { name: 'witness', number: '491510000200' };
const VICTIMS = [
  { name: 'victim-a', number: '491510000201' },
  { name: 'victim-b', number: '491510000202' },
];
const CALLEES = ['491590000201', '491590000202', '491590000203'];

const BATCH = 50;
const CALL_EVERY_BATCHES = 5;
/** Five of these in a row end a connection, so they are not the rule. */
const SHARE_OF_BYTES = 0.02;
const SHARE_OF_GIANTS = 0.005;
const SHARE_OF_REPLAYS = 0.15;
const RECONNECT_LIMIT_MS = 15_000;
/** Stanzas that are orders of the server; sending them again would be no fault of the client's. */
const ORDERS = ['stream:error', 'failure', 'success', 'xmlstreamend'];
const WARM_UP = 0.3;
const MAX_GROWTH_KB = 3;

type Say = (line: string) => void;

/** A server that has gone mad, towards two of three linked accounts. */
export class WireFuzz {
  private readonly violations: string[] = [];
  private readonly memory: { x: number; y: number }[] = [];
  private readonly hostile: HostileStanzas;
  private victim = VICTIMS[0] ?? WITNESS;
  private sent = 0;
  private reconnects = 0;
  private witnessCalls = 0;
  private victimCalls = 0;

  constructor(
    private readonly stage: Stage,
    private readonly random: SeededRandom,
    private readonly say: Say,
  ) {
    this.hostile = new HostileStanzas(random, () => this.scene());
  }

  async run(stanzas: number): Promise<Findings> {
    const { simulator } = this.stage;
    for (const number of CALLEES) simulator.addContact({ number, devices: [0, 6] });
    for (const { name, number } of [WITNESS, ...VICTIMS]) await this.stage.linkedInstance(name, number);
    const witnessBefore = simulator.sessions.find(({ number }) => number === WITNESS.number);
    const startedAt = performance.now();
    for (let batch = 0; this.sent < stanzas; batch += 1)
      await this.batch(batch, Math.min(BATCH, stanzas - this.sent));
    const seconds = (performance.now() - startedAt) / 1000;
    const witnessAfter = simulator.sessions.find(({ number }) => number === WITNESS.number);
    if (witnessBefore?.openedAt !== witnessAfter?.openedAt)
      this.violations.push('the session of the witness was lost');
    await this.checkCalls();
    this.checkLog();
    const growthKb = slope(this.memory.slice(Math.floor(this.memory.length * WARM_UP)));
    if (stanzas >= 5_000 && growthKb > MAX_GROWTH_KB)
      this.violations.push(`memory grows by ${growthKb.toFixed(2)} KB a stanza`);
    return {
      figures: {
        stanzas: this.sent,
        stanzas_per_second: Math.round(this.sent / seconds),
        reconnects: this.reconnects,
        calls_of_witness: this.witnessCalls,
        calls_of_victims: this.victimCalls,
        rss_mb_start: Math.round((this.memory[0]?.y ?? 0) / 1024),
        rss_mb_end: Math.round((this.memory.at(-1)?.y ?? 0) / 1024),
        rss_kb_per_stanza: Number(growthKb.toFixed(3)),
      },
      violations: this.violations,
    };
  }

  private async batch(index: number, size: number): Promise<void> {
    this.victim = this.random.pick(VICTIMS);
    await this.requireSession();
    for (let left = size; left > 0; left -= 1) {
      this.stage.simulator.push(this.victim.number, this.next());
      this.sent += 1;
    }
    // The answer comes when the process has worked off what it was sent before.
    await this.stage.instance(WITNESS.name);
    if (index % CALL_EVERY_BATCHES === 0) await this.call();
    this.memory.push({ x: this.sent, y: await residentKb(this.stage.product.pid) });
    if (index % 20 === 0)
      this.say(`${this.sent} stanzas, ${Math.round((this.memory.at(-1)?.y ?? 0) / 1024)} MB`);
  }

  private next(): BinaryNode | Uint8Array {
    const { random, hostile } = this;
    if (random.chance(SHARE_OF_BYTES)) return hostile.bytes();
    if (random.chance(SHARE_OF_GIANTS)) return hostile.giant();
    return (random.chance(SHARE_OF_REPLAYS) && this.replay()) || hostile.next();
  }

  /** Something that was sent before, out of its order. */
  private replay(): BinaryNode | undefined {
    const before = this.recent('out').filter(({ tag }) => !ORDERS.includes(tag));
    return before.length === 0 ? undefined : this.random.pick(before);
  }

  private recent(direction: 'in' | 'out'): BinaryNode[] {
    return this.stage.simulator.stanzas
      .slice(-300)
      .filter((row) => row.account === this.victim.number && row.direction === direction)
      .map(({ node }) => node);
  }

  private scene() {
    const { sessions, calls } = this.stage.simulator;
    const mine = calls.filter(({ callerNumber }) => callerNumber === this.victim.number).slice(-5);
    return {
      me: sessions.find(({ number }) => number === this.victim.number)?.jid ?? '',
      peers: [
        ...mine.flatMap(({ devices }) => devices.map(({ jid }) => jid)),
        ...mine.map(({ creator }) => creator),
      ],
      callIds: mine.map(({ callId }) => callId),
      stanzaIds: this.recent('in').flatMap(({ attrs }) => (attrs.id === undefined ? [] : [attrs.id])),
    };
  }

  /** Like an owner who does not want to wait for the ladder. */
  private async requireSession(): Promise<void> {
    const { simulator } = this.stage;
    const { name, number } = this.victim;
    const isThere = (): boolean => simulator.sessions.some((session) => session.number === number);
    if (isThere()) return;
    this.reconnects += 1;
    const deadline = Date.now() + RECONNECT_LIMIT_MS;
    while (!isThere() && Date.now() < deadline) {
      const { status } = await this.stage.post(`/api/instance/reconnect/${name}`);
      // The pace of the instance; the ladder goes on all the same.
      if (status !== 200 && status !== 429) break;
      await this.stage.until(isThere, 'the session is back', 2_000).catch(() => undefined);
    }
    if (!isThere())
      throw new Error(`${name} lost its session: ${JSON.stringify(await this.stage.instance(name))}`);
  }

  private async call(): Promise<void> {
    const number = this.random.pick(CALLEES);
    const [witness, victim] = await Promise.all([
      this.stage.call(WITNESS.name, { number, duration: 1 }),
      this.stage.call(this.victim.name, { number, duration: 1 }),
    ]);
    if (witness.status === 200) this.witnessCalls += 1;
    else
      this.violations.push(
        `a call of the witness was answered ${witness.status}: ${JSON.stringify(witness.body)}`,
      );
    if (victim.status === 200) this.victimCalls += 1;
  }

  /** Afterwards everybody can call, and phones are hung up. */
  private async checkCalls(): Promise<void> {
    for (const account of [WITNESS, ...VICTIMS]) {
      this.victim = account;
      if (account !== WITNESS) await this.requireSession();
      await this.stage.untilStatus(account.name, 'connected', RECONNECT_LIMIT_MS);
      const number = this.random.pick(CALLEES);
      const { status, body } = await this.stage.call(account.name, { number, duration: 1 });
      const end = status === 200 ? await this.stage.endedCall(account.name, String(body.callId)) : body;
      if (end.outcome !== 'completed') {
        this.violations.push(`${account.name} cannot call any more: ${status} ${JSON.stringify(end)}`);
      }
    }
    const faults = this.stage.simulator.violations.filter((line) => line.startsWith(WITNESS.number));
    this.violations.push(...faults);
  }

  private checkLog(): void {
    const lines = this.stage.product.stdout().split('\n');
    const alarms = lines.filter((line) => line.includes('was left alone') || line.includes('was not caught'));
    if (alarms.length > 0)
      this.violations.push(`${alarms.length} errors that nobody handled, the first: ${alarms[0]}`);
  }
}

/** Memory of a process that is in RAM, Linux. */
async function residentKb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}
