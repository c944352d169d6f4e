import { Injectable } from '@nestjs/common';
import { KeyedQueue } from '../common/async/keyed-queue.js';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { HeartbeatLate } from './heartbeat-late.event.js';
import { InstancesGained } from './instances-gained.event.js';
import { InstancesLost } from './instances-lost.event.js';
import { NodeLease } from './node-lease.js';
import { NodesRepository } from './nodes.repository.js';
import { OwnersRepository, type Claim } from './owners.repository.js';
import { Ownership, type Holder } from './ownership.js';

/** The instances that this process holds, in memory as the database confirmed them. */
@Injectable()
export class HeldInstances extends Ownership {
  private readonly epochs = new Map<string, string>();
  /** Who asks for the same instance at once waits for the first: a row that was just taken here is nobody else's. */
  private readonly acquiring = new KeyedQueue();

  constructor(
    private readonly lease: NodeLease,
    private readonly nodes: NodesRepository,
    private readonly owners: OwnersRepository,
    private readonly events: EventBus,
    private readonly log: Log,
  ) {
    super();
  }

  get nodeId(): string {
    return this.lease.nodeId;
  }

  get maySend(): boolean {
    return this.lease.maySend;
  }

  epochOf(instanceId: string): string | undefined {
    return this.epochs.get(instanceId);
  }

  async holderOf(instanceId: string): Promise<Holder> {
    const epoch = this.epochOf(instanceId);
    if (epoch !== undefined) return { kind: 'here', epoch };
    const row = await this.owners.find(instanceId);
    if (!row?.isAlive || row.nodeId === null) return { kind: 'nobody' };
    return { kind: 'node', nodeId: row.nodeId };
  }

  acquire(instanceId: string): Promise<Holder> {
    return this.acquiring.run(instanceId, () => this.acquireNext(instanceId));
  }

  async confirm(instanceId: string): Promise<boolean> {
    const epoch = this.epochOf(instanceId);
    if (epoch === undefined) return false;
    const row = await this.owners.find(instanceId);
    const isMine = row?.nodeId === this.nodeId && row.epoch === epoch;
    if (!isMine) this.refused(instanceId, epoch);
    return isMine;
  }

  refused(instanceId: string, epoch: string): void {
    if (this.epochOf(instanceId) !== epoch) return;
    this.log.warn('Another process holds an instance that was held here', { instanceId });
    void this.drop([instanceId]);
  }

  /** Instances that were claimed for this node. Resolves when the house has taken them over. */
  async gain(nodeId: string, claims: readonly Claim[]): Promise<void> {
    // Claimed under an id that has been given up: they belong to nobody.
    if (nodeId !== this.nodeId || claims.length === 0) return;
    for (const { instanceId, epoch } of claims) this.epochs.set(instanceId, epoch);
    await this.events.publish(new InstancesGained(claims.map(({ instanceId }) => instanceId)));
  }

  /** Lets go of instances at once. Resolves when the house has let go too. */
  async drop(instanceIds: readonly string[]): Promise<void> {
    const dropped = instanceIds.filter((instanceId) => this.epochs.delete(instanceId));
    if (dropped.length > 0) await this.events.publish(new InstancesLost(dropped));
  }

  /** Tells the house that everything may be lost soon. */
  endangered(): Promise<void> {
    return this.events.publish(new HeartbeatLate());
  }

  dropAll(): Promise<void> {
    return this.drop([...this.epochs.keys()]);
  }

  private async acquireNext(instanceId: string): Promise<Holder> {
    const epoch = this.epochOf(instanceId);
    if (epoch !== undefined) return { kind: 'here', epoch };
    const { nodeId } = this;
    const row = await this.owners.find(instanceId);
    if (row?.isAlive && row.nodeId !== null) return { kind: 'node', nodeId: row.nodeId };
    await this.nodes.removeDead(nodeId);
    const claim = await this.owners.take(nodeId, instanceId, row);
    if (claim) await this.gain(nodeId, [claim]);
    return this.holderOf(instanceId);
  }
}
