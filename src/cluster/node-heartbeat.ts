import { Injectable } from '@nestjs/common';
import { Log } from '../common/logging/log.js';
import { Clock, type Timer } from '../common/time/clock.js';
import { HeldInstances } from './held-instances.js';
import { NODE_DEAD_MS, NodeLease } from './node-lease.js';
import { NodesRepository } from './nodes.repository.js';

const BEAT_EVERY_MS = 1000;
/** Rings are hung up now, while there is still time for it. */
const LATE_MS = 3000;

/** Tells the database once a second that this process is alive, and lets go of everything when it could not. */
@Injectable()
export class NodeHeartbeat {
  private timers: Timer[] = [];
  private next: Timer | undefined;
  private running: Promise<void> = Promise.resolve();
  private former: string | undefined;
  private failing = false;
  private stopped = true;
  private deposed = false;

  constructor(
    private readonly clock: Clock,
    private readonly lease: NodeLease,
    private readonly nodes: NodesRepository,
    private readonly held: HeldInstances,
    private readonly log: Log,
  ) {}

  /** Without a cluster: another process has taken the database over, and this one does nothing any more. */
  get isDeposed(): boolean {
    return this.deposed;
  }

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
    } catch (err) {
      if (!this.failing) this.log.warn('The heartbeat of this process could not be stored', { err });
      this.failing = true;
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
    this.log.error('Another process works on this database now, so this one does nothing any more');
    this.deposed = true;
    this.stopped = true;
    void this.held.dropAll();
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
