import { Injectable } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { HeldInstances } from './held-instances.js';
import { InstancesReleasing } from './instances-releasing.event.js';
import { NodesRepository } from './nodes.repository.js';
import { OwnersRepository, type Spread } from './owners.repository.js';

/** A node that has joined gets its share little by little: each change of hands costs a login. */
const MOST_GIVEN_AWAY = 3;

/** One look at who holds what: takes a fair share of what nobody holds, or gives a surplus away. */
@Injectable()
export class ClaimRound {
  /** Given away in memory, and not yet in the database. */
  private givenAway: readonly string[] = [];

  constructor(
    private readonly nodes: NodesRepository,
    private readonly owners: OwnersRepository,
    private readonly held: HeldInstances,
    private readonly events: EventBus,
    private readonly log: Log,
  ) {}

  /**
   * @param most how many instances may be taken
   * @throws DatabaseUnavailable
   */
  async run(most: number): Promise<void> {
    const { nodeId } = this.held;
    const dead = await this.nodes.removeDead(nodeId);
    if (dead.length > 0) this.log.warn('Nodes without a heartbeat were taken for dead', { nodes: dead });
    await this.release(nodeId);
    const spread = await this.owners.spread(nodeId);
    const surplus = spread.mine - shareOf(spread);
    const wanted = Math.min(spread.orphans, -surplus, most);
    if (wanted > 0) await this.held.gain(nodeId, await this.owners.claim(nodeId, wanted));
    if (surplus > 0) await this.giveAway(nodeId, Math.min(surplus, MOST_GIVEN_AWAY));
  }

  /** The sessions are closed first: no moment has two logins of one. */
  private async giveAway(nodeId: string, limit: number): Promise<void> {
    const instanceIds = await this.owners.movable(nodeId, limit);
    if (instanceIds.length === 0) return;
    await this.events.publish(new InstancesReleasing(instanceIds));
    if (nodeId !== this.held.nodeId) return;
    await this.held.drop(instanceIds);
    this.givenAway = instanceIds;
    await this.release(nodeId);
  }

  private async release(nodeId: string): Promise<void> {
    if (this.givenAway.length === 0) return;
    await this.owners.release(nodeId, this.givenAway);
    this.givenAway = [];
  }
}

function shareOf({ wanted, nodes }: Spread): number {
  return Math.ceil(wanted / Math.max(1, nodes));
}
