import { Injectable } from '@nestjs/common';
import { isMissingTable } from '../common/database/failed-query.js';
import { FatalFaults } from '../common/errors/fatal-faults.js';
import { Log } from '../common/logging/log.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { HeldInstances } from './held-instances.js';
import { NODE_DEAD_MS, NodeLease } from './node-lease.js';
import { NodesRepository } from './nodes.repository.js';

const BEAT_EVERY_MS = 1000;
/** Rings are hung up now, while there is still time for it. */
const LATE_MS = 3000;
/** Whoever restores a backup into a running database, which they should not, drops the tables first. */
const TABLES_MISSING_MS = 60_000;

const REPLACED = {
  reason: 'another process works on the database',
  advice:
    'Another Ringdrop was started on this database, or the database was replaced by a backup, so this process ends. ' +
    'Without NATS_URL only one process at a time works on a database: stop the other one, or set NATS_URL for both.',
};
const TABLES_MISSING = {
  reason: 'the tables of the database are gone',
  advice:
    'The tables of Ringdrop are gone from the database, so this process ends. The next start makes them again, empty; ' +
    'restore a backup before that.',
};

/** Tells the database once a second that this process is alive, and lets go of everything when it could not. */
@Injectable()
export class NodeHeartbeat {
  private timers: Timer[] = [];
  private next: Timer | undefined;
  private running: Promise<void> = Promise.resolve();
  private former: string | undefined;
  private failing = false;
  private stopped = true;
  private tablesMissingSinceMs: number | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly lease: NodeLease,
    private readonly nodes: NodesRepository,
    private readonly held: HeldInstances,
    private readonly faults: FatalFaults,
    private readonly log: Log,
  ) {}

  /** Begins to beat; the first beat registers the node. */
  async start(): Promise<void> {
    this.stopped = false;
    await this.beat();
  }

  /** Begins to beat for a node that has just been registered. */
  startRegistered(): void {
    this.stopped = false;
    this.renew(this.lease.nodeId, this.clock.monotonicMs());
    this.schedule(BEAT_EVERY_MS);
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.next?.cancel();
    this.cancelTimers();
    await this.running;
  }

  private schedule(delayMs: number): void {
    if (this.stopped) return;
    this.next = this.clock.schedule(delayMs, () => {
      this.running = this.beat();
    });
  }

  private async beat(): Promise<void> {
    const sentAtMs = this.clock.monotonicMs();
    this.letGoWhenLapsed();
    try {
      if (!this.lease.isRegistered) await this.register(sentAtMs);
      else await this.refresh(sentAtMs);
      this.failing = false;
      this.tablesMissingSinceMs = undefined;
    } catch (err) {
      if (!this.failing) this.log.warn('The heartbeat of this process could not be stored', { err });
      this.failing = true;
      this.countMissingTables(err);
    }
    this.schedule(Math.max(0, BEAT_EVERY_MS - (this.clock.monotonicMs() - sentAtMs)));
  }

  private async register(sentAtMs: number): Promise<void> {
    const { nodeId } = this.lease;
    await this.nodes.register(nodeId, this.former);
    this.former = undefined;
    this.renew(nodeId, sentAtMs);
    this.log.info('This process has joined the cluster', { nodeId });
  }

  private async refresh(sentAtMs: number): Promise<void> {
    const { nodeId } = this.lease;
    if (await this.nodes.beat(nodeId)) return this.renew(nodeId, sentAtMs);
    if (this.stopped || nodeId !== this.lease.nodeId) return;
    if (this.lease.isShared) {
      this.log.error('This process was taken for dead and begins anew', { nodeId });
      this.beginAnew();
      return this.register(this.clock.monotonicMs());
    }
    this.stopped = true;
    void this.held.dropAll();
    this.faults.report(REPLACED);
  }

  private countMissingTables(error: unknown): void {
    const nowMs = this.clock.monotonicMs();
    this.tablesMissingSinceMs = isMissingTable(error) ? (this.tablesMissingSinceMs ?? nowMs) : undefined;
    if (nowMs - (this.tablesMissingSinceMs ?? nowMs) >= TABLES_MISSING_MS) this.faults.report(TABLES_MISSING);
  }

  private renew(nodeId: string, sentAtMs: number): void {
    this.lease.renew(nodeId, sentAtMs);
    this.cancelTimers();
    if (!this.lease.isShared || this.stopped) return;
    const inMs = (ageMs: number): number => sentAtMs + ageMs - this.clock.monotonicMs();
    this.timers = [
      this.clock.schedule(inMs(LATE_MS), () => {
        if (this.lease.maySend) void this.held.endangered();
      }),
      this.clock.schedule(inMs(NODE_DEAD_MS), () => this.letGoWhenLapsed()),
    ];
  }

  private letGoWhenLapsed(): void {
    if (!this.lease.hasLapsed) return;
    this.log.error('The heartbeat of this process came too late, so it begins anew', {
      nodeId: this.lease.nodeId,
    });
    this.beginAnew();
  }

  private beginAnew(): void {
    this.cancelTimers();
    this.former = this.lease.begin();
    void this.held.dropAll();
  }

  private cancelTimers(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers = [];
  }
}
