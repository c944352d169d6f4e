import { setTimeout as sleep } from 'node:timers/promises';
import { FIRST_ACCOUNT, until, type BenchWorld } from '../sessions/bench-world.js';
import type { MeasuredProduct, Tenant } from '../sessions/measured-product.js';
import type { Findings } from '../support/findings.js';
import type { Remote } from '../support/remote.js';
import { quantile } from '../support/statistics.js';
import type { AttackerHandlers } from './attacker-main.js';
import { ATTACKS, type AttackName } from './attacks.js';
import { QuietTenant, type Seen } from './quiet-tenant.js';

/** Few enough requests for each token that a quiet tenant never meets its own rate limit. */
const QUIET_INSTANCES = 12;
/** The quiet tenant is the first of all. */
const QUIET_ACCOUNTS = { first: FIRST_ACCOUNT, count: QUIET_INSTANCES };
const LINKED_ATTACKERS = 20;
const FIRST_VICTIM = 491_550_000_000;
const VICTIMS = 100;
const MAX_P99_RATIO = 5;
const MAX_EVENT_LATE_MS = 2_000;
const MAX_RING_LATE_MS = 250;
/** Between two phases, so that neither sees what is left of the other. */
const PAUSE_MS = 2_000;
const RESTORE_TIMEOUT_MS = 180_000;
const POLL_MS = 50;

export interface Sizes {
  readonly seconds: number;
  /** Calls of the attacker that are newer than those of the quiet tenant. */
  readonly rows: number;
  readonly connections: number;
  /** Sessions of the attacker behind a proxy that says nothing. */
  readonly proxied: number;
  /** The only attack to run, counted from 1; 0 = all. */
  readonly only: number;
}

/** A row of the table: alone, beside the attack, and what they are to each other. */
interface Row {
  readonly attack: string;
  readonly aloneP50Ms: number;
  readonly aloneP99Ms: number;
  readonly besideP50Ms: number;
  readonly besideP99Ms: number;
  readonly p99Ratio: number;
  readonly eventLateMaxMs?: number;
  readonly ringLateMaxMs?: number;
  readonly probeMaxMs?: number;
}

/** One attack after the other, each right after a while in which the quiet tenant was alone. */
export class FairnessRun {
  private readonly rows: Row[] = [];
  private readonly violations: string[] = [];

  constructor(
    private readonly world: BenchWorld,
    private readonly product: MeasuredProduct,
    private readonly attacker: Remote<AttackerHandlers>,
    private readonly sizes: Sizes,
  ) {}

  async run(): Promise<Findings> {
    const { world, product } = this;
    const quietTenant = await this.linkedTenant(QUIET_INSTANCES);
    const attacking = await this.linkedTenant(LINKED_ATTACKERS);
    await world.simulator.ask('addCallees', { first: FIRST_VICTIM, count: VICTIMS, silent: false });
    const quiet = await QuietTenant.create(world, product, quietTenant);
    try {
      world.say('attack: p50 and p99 alone, beside the attack; ratio of p99; latest event, ring and probe');
      const names = Object.keys(ATTACKS) as AttackName[];
      for (const [index, name] of names.entries())
        if (this.runs(index + 1)) await this.attack(name, quiet, attacking);
      await product.closeTenant(attacking);
      if (this.runs(names.length + 1)) await this.silentProxy();
    } finally {
      await quiet.close();
    }
    const { violations, firstViolation } = await world.simulator.ask('state', null);
    if (violations > 0) this.violations.push(`the simulator: ${violations}, first ${firstViolation}`);
    return { figures: { attacks: this.rows.map(figuresOf) }, violations: this.violations };
  }

  private runs(attack: number): boolean {
    return this.sizes.only === 0 || this.sizes.only === attack;
  }

  private async linkedTenant(count: number): Promise<Tenant> {
    const tenant = await this.product.seedTenant(await this.world.newCredentials(count));
    const connected = await this.product.connected();
    await this.product.openTenant(tenant);
    await until(
      async () => (await this.product.connected()) === connected + count,
      `${count} sessions are open`,
      RESTORE_TIMEOUT_MS,
    );
    return tenant;
  }

  private async attack(name: AttackName, quiet: QuietTenant, attacking: Tenant): Promise<void> {
    const { seconds, connections } = this.sizes;
    const means = {
      url: this.product.url,
      token: attacking.token,
      instances: attacking.instances,
      instanceTokens: attacking.instanceTokens,
      connections,
      slowReceiver: quiet.slowReceiver,
      callees: Array.from({ length: VICTIMS }, (_, index) => String(FIRST_VICTIM + index)),
    };
    if (name === 'many calls in the table') await this.fillTable(attacking);
    const alone = await quiet.watch(seconds);
    await this.attacker.ask('prepare', { name, means });
    await this.attacker.ask('begin', null);
    await sleep(PAUSE_MS);
    const beside = await quiet.watch(seconds);
    const seen = await this.attacker.ask('end', null);
    this.judge(name, alone, beside);
    this.world.say(`  the attacker saw ${JSON.stringify(seen)}`);
    await sleep(PAUSE_MS);
  }

  private judge(attack: string, alone: Seen, beside: Seen): void {
    const row = {
      ...this.compare(attack, alone.requestMs, beside.requestMs),
      eventLateMaxMs: quantile(beside.eventLateMs, 1),
      ringLateMaxMs: quantile(beside.ringLateMs, 1),
      probeMaxMs: quantile(beside.probeMs, 1),
    };
    this.add(row);
    const complain = (text: string): void => void this.violations.push(`${attack}: ${text}`);
    for (const [phase, { failures, lostEvents }] of [
      ['alone', alone],
      ['beside', beside],
    ] as const) {
      if (Object.keys(failures).length > 0)
        complain(`${phase}, the quiet tenant met ${JSON.stringify(failures)}`);
      if (lostEvents > 0) complain(`${phase}, the end of ${lostEvents} calls was never delivered`);
    }
    if (row.eventLateMaxMs > MAX_EVENT_LATE_MS) complain(`an event was ${round(row.eventLateMaxMs)} ms late`);
    if (row.ringLateMaxMs > MAX_RING_LATE_MS) complain(`a ring was ${round(row.ringLateMaxMs)} ms late`);
    if (beside.calls === 0) complain('no call was placed');
  }

  /** How long the sessions of the quiet tenant take to come back after a restart, without and with those that hang. */
  private async silentProxy(): Promise<void> {
    const { product, world, attacker } = this;
    const alone = await this.restore();
    const hanging = await product.seedTenant(await world.newCredentials(this.sizes.proxied));
    await this.giveProxies(hanging, await attacker.ask('silentProxyPort', null));
    await product.openTenant(hanging);
    await sleep(PAUSE_MS);
    const beside = await this.restore();
    this.add(this.compare('sessions behind a silent proxy', alone, beside));
  }

  private add(row: Row): void {
    const { attack, p99Ratio } = row;
    this.rows.push(row);
    this.world.say(
      `${attack}: ${round(row.aloneP50Ms)} and ${round(row.aloneP99Ms)} ms, ` +
        `${round(row.besideP50Ms)} and ${round(row.besideP99Ms)} ms; ×${round(p99Ratio)}; ` +
        `${round(row.eventLateMaxMs ?? 0)}, ${round(row.ringLateMaxMs ?? 0)}, ${round(row.probeMaxMs ?? 0)} ms`,
    );
    if (!(p99Ratio <= MAX_P99_RATIO)) this.violations.push(`${attack}: p99 is ×${round(p99Ratio)}`);
  }

  private compare(attack: string, alone: readonly number[], beside: readonly number[]): Row {
    const aloneP99Ms = quantile(alone, 0.99);
    const besideP99Ms = quantile(beside, 0.99);
    return {
      attack,
      aloneP50Ms: quantile(alone, 0.5),
      aloneP99Ms,
      besideP50Ms: quantile(beside, 0.5),
      besideP99Ms,
      p99Ratio: besideP99Ms / aloneP99Ms,
    };
  }

  /** Rows are written past the product: to place so many calls would take days. */
  private async fillTable({ instances, id }: Tenant): Promise<void> {
    this.world.say(`${this.sizes.rows} calls of the attacker`);
    await this.product.postgres.value(
      `INSERT INTO calls (instance_id, call_id, number, jid, duration, state, outcome, requested_at, ended_at, hang_up_at)
       SELECT i.id, 'BENCH' || n, '491550000000', '1@lid', 1, 'ended', 'completed', now(), now(), now()
         FROM generate_series(1, $1::integer) AS n,
              (SELECT id FROM instances WHERE account_id = $2 AND name = $3) AS i`,
      [this.sizes.rows, id, instances[0]],
    );
    await this.product.postgres.value('ANALYZE calls');
  }

  private async giveProxies({ instances, id }: Tenant, port: number): Promise<void> {
    await this.product.postgres.value(
      `UPDATE instances SET proxy_enabled = true, proxy_protocol = 'http', proxy_host = '127.0.0.1', proxy_port = $1
        WHERE account_id = $2 AND name = ANY ($3)`,
      [port, id, instances],
    );
  }

  /** @returns for each session of the quiet tenant how long it took to be open again after a power cut */
  private async restore(): Promise<number[]> {
    const { product, world } = this;
    const startedMs = performance.now();
    await product.killAndRestart();
    const tookMs: number[] = [];
    while (tookMs.length < QUIET_INSTANCES) {
      if (performance.now() - startedMs > RESTORE_TIMEOUT_MS)
        throw new Error(`${tookMs.length} of ${QUIET_INSTANCES} sessions came back`);
      await sleep(POLL_MS);
      const open = await world.simulator.ask('openSessions', QUIET_ACCOUNTS);
      while (tookMs.length < open) tookMs.push(performance.now() - startedMs);
    }
    return tookMs;
  }
}

function figuresOf(row: Row): Record<string, string | number> {
  return {
    attack: row.attack,
    alone_p50_ms: round(row.aloneP50Ms),
    alone_p99_ms: round(row.aloneP99Ms),
    beside_p50_ms: round(row.besideP50Ms),
    beside_p99_ms: round(row.besideP99Ms),
    p99_ratio: round(row.p99Ratio),
    ...(row.eventLateMaxMs !== undefined && { event_late_ms_max: round(row.eventLateMaxMs) }),
    ...(row.ringLateMaxMs !== undefined && { ring_late_ms_max: round(row.ringLateMaxMs) }),
    ...(row.probeMaxMs !== undefined && { probe_ms_max: round(row.probeMaxMs) }),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
