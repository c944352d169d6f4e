import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HeldInstances } from './held-instances.js';
import { NodeHeartbeat } from './node-heartbeat.js';
import { NodeLease } from './node-lease.js';
import { OwnersRepository } from './owners.repository.js';
import { SessionClaims } from './session-claims.js';

/** Comes into the cluster, or takes over a database that nobody else uses. */
@Injectable()
export class NodeMembership implements OnApplicationBootstrap {
  constructor(
    private readonly heartbeat: NodeHeartbeat,
    private readonly claims: SessionClaims,
    private readonly held: HeldInstances,
    private readonly owners: OwnersRepository,
    private readonly lease: NodeLease,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.lease.isShared) {
      await this.heartbeat.start();
      return this.claims.start();
    }
    const { nodeId } = this.lease;
    const claims = await this.owners.takeAll(nodeId);
    this.heartbeat.startRegistered();
    await this.held.gain(nodeId, claims);
  }
}
