import { Global, Module } from '@nestjs/common';
import { ClaimRound } from './claim-round.js';
import { FencedWrites } from './fenced-writes.js';
import { HeldInstances } from './held-instances.js';
import { NodeDeparture } from './node-departure.js';
import { NodeHeartbeat } from './node-heartbeat.js';
import { NodeLease } from './node-lease.js';
import { NodeMembership } from './node-membership.js';
import { NodesRepository } from './nodes.repository.js';
import { OwnersRepository } from './owners.repository.js';
import { Ownership } from './ownership.js';
import { SessionClaims } from './session-claims.js';

/** Who holds which instance, and the writes that depend on it. */
@Global()
@Module({
  providers: [
    NodeLease,
    NodesRepository,
    OwnersRepository,
    HeldInstances,
    { provide: Ownership, useExisting: HeldInstances },
    FencedWrites,
    NodeHeartbeat,
    ClaimRound,
    SessionClaims,
    NodeMembership,
    NodeDeparture,
  ],
  exports: [Ownership, FencedWrites, NodeDeparture, SessionClaims],
})
export class ClusterModule {}
