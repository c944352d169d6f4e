import { setTimeout as sleep } from 'node:timers/promises';
import { runSql } from '../../test/support/postgres.js';
import type { PostgresProcesses } from '../../test/support/postgres-processes.js';
import type { ClusterNode } from './cluster-node.js';
import type { ClusterStage } from './cluster-stage.js';
import type { Fault, NodeFault } from './fault-plan.js';
import type { NodeLife, Span } from './node-life.js';

const LOOK_EVERY_MS = 100;

/** A fault that has begun; it has ended when everything is there again. */
export interface FaultRecord extends Span {
  readonly step: number;
  readonly kind: Fault['kind'];
  /** The process that was hit. */
  readonly life?: NodeLife;
}

/** Brings faults about, several at a time, but leaves one node in peace. */
export class FaultRunner {
  readonly records: FaultRecord[] = [];
  readonly violations: string[] = [];
  private readonly busy = new Set<ClusterNode | 'database' | 'broker'>();
  private readonly running = new Set<Promise<void>>();

  private constructor(
    private readonly stage: ClusterStage,
    private readonly postgres: PostgresProcesses,
    private readonly signal: AbortSignal,
  ) {}

  static async of(stage: ClusterStage, signal: AbortSignal): Promise<FaultRunner> {
    return new FaultRunner(stage, await stage.postgresProcesses(), signal);
  }

  /** Resolves with a word about it when the fault has begun, which may have to wait for the end of an earlier one. */
  async begin(step: number, fault: Fault): Promise<string> {
    switch (fault.kind) {
      case 'kill':
      case 'drain':
      case 'stop': {
        const node = this.stage.nodes[fault.node];
        if (!node) throw new RangeError('There is no such node');
        await this.until(() => !this.busy.has(node) && this.idleNodes > 1);
        const life = node.lives.at(-1);
        const words = `${node.tag} ${wordsFor(fault)}`;
        this.run(node, { step, kind: fault.kind, from: Date.now(), life }, () => this.hit(node, fault));
        return words;
      }
      case 'database-stop':
      case 'database-refusal':
        await this.until(() => !this.busy.has('database'));
        this.run('database', { step, kind: fault.kind, from: Date.now() }, () => this.cut(fault));
        return `the database ${fault.kind === 'database-stop' ? 'is stopped' : 'refuses'} for ${fault.forMs} ms`;
      case 'broker':
        await this.until(() => !this.busy.has('broker'));
        this.run('broker', { step, kind: fault.kind, from: Date.now() }, () => this.silence(fault.forMs));
        return `NATS is away for ${fault.forMs} ms`;
    }
  }

  /** Resolves when everything is there again. */
  async settled(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running);
  }

  private get idleNodes(): number {
    return this.stage.nodes.filter((node) => !this.busy.has(node) && node.url !== undefined).length;
  }

  private run(
    what: ClusterNode | 'database' | 'broker',
    record: FaultRecord,
    work: () => Promise<void>,
  ): void {
    this.busy.add(what);
    this.records.push(record);
    const running = work()
      .catch((error: unknown) => {
        if (!this.signal.aborted) this.violations.push(`step ${record.step} went wrong: ${String(error)}`);
      })
      .finally(() => {
        record.to = Date.now();
        this.busy.delete(what);
        this.running.delete(running);
      });
    this.running.add(running);
  }

  private async hit(node: ClusterNode, fault: NodeFault): Promise<void> {
    if (fault.kind === 'stop') {
      node.freeze();
      await this.pause(fault.forMs);
      node.thaw();
      return;
    }
    if (fault.kind === 'kill') await node.kill();
    else await this.drain(node);
    await this.pause(fault.restartAfterMs);
    await node.start();
  }

  private async drain(node: ClusterNode): Promise<void> {
    const { tag } = node;
    const from = Date.now();
    const code = await node.terminate();
    const hadDatabase = !this.records.some(
      ({ kind, to = Infinity }) => kind.startsWith('database') && to > from,
    );
    if (code !== 0 && hadDatabase) this.violations.push(`${tag} ended with code ${code} after SIGTERM`);
  }

  private async cut({ kind, forMs }: { readonly kind: string; readonly forMs: number }): Promise<void> {
    if (kind === 'database-stop') {
      try {
        await this.postgres.freeze();
        await this.pause(forMs);
      } finally {
        this.postgres.thaw();
      }
      return;
    }
    const name = new URL(this.stage.databaseUrl).pathname.slice(1);
    const { url } = this.stage.postgres;
    await runSql(url, `ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await runSql(url, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`);
    await this.pause(forMs);
    await runSql(url, `ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  }

  private async silence(forMs: number): Promise<void> {
    await this.stage.nats.kill();
    await this.pause(forMs);
    await this.stage.nats.start();
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.pause(LOOK_EVERY_MS);
  }

  private pause(ms: number): Promise<void> {
    return sleep(ms, undefined, { signal: this.signal });
  }
}

function wordsFor(fault: NodeFault): string {
  switch (fault.kind) {
    case 'kill':
      return `is killed, and started again after ${fault.restartAfterMs} ms`;
    case 'drain':
      return `gets SIGTERM, and is started again ${fault.restartAfterMs} ms after its end`;
    case 'stop':
      return `is stopped for ${fault.forMs} ms`;
  }
}
