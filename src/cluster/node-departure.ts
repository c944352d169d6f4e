import { Injectable } from '@nestjs/common';
import { FatalFaults } from '../common/errors/fatal-faults.js';
import { Log } from '../common/logging/log.js';
import { NodeHeartbeat } from './node-heartbeat.js';
import { NodeLease } from './node-lease.js';
import { NodesRepository } from './nodes.repository.js';
import { SessionClaims } from './session-claims.js';

/** How this process leaves the others. */
@Injectable()
export class NodeDeparture {
  private draining = false;
  private successors = false;

  constructor(
    private readonly lease: NodeLease,
    private readonly nodes: NodesRepository,
    private readonly claims: SessionClaims,
    private readonly heartbeat: NodeHeartbeat,
    private readonly faults: FatalFaults,
    private readonly log: Log,
  ) {}

  /** Why nothing new should be sent to this process; `undefined`: it may be. */
  get closedBecause(): string | undefined {
    return this.faults.first?.reason ?? (this.draining ? 'this process is stopping' : undefined);
  }

  /** True when another process goes on with what is left here. */
  get handsOver(): boolean {
    return this.successors;
  }

  /** Takes no instances any more. Never rejects. */
  async begin(): Promise<void> {
    this.draining = true;
    if (!this.lease.isShared) return;
    await this.claims.stop();
    try {
      this.successors = await this.nodes.drain(this.lease.nodeId);
    } catch (err) {
      this.log.warn('The others could not be told that this process stops', { err });
    }
  }

  /** Lets go of everything, after the last session was closed; others may have it at once. Never rejects. */
  async complete(): Promise<void> {
    await Promise.all([this.claims.stop(), this.heartbeat.stop()]);
    try {
      await this.nodes.leave(this.lease.nodeId);
    } catch (err) {
      this.log.warn('What this process held could not be given back', { err });
    }
  }
}
