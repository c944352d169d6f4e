import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';

/** After this time without a heartbeat others take a node for dead. */
export const NODE_DEAD_MS = 5000;
/** A stanza that leaves by now has arrived when others begin to take over. */
const STOP_SENDING_MS = 3500;

/**
 * How long this process may believe that it is taken for alive. It is measured on the monotonic clock from the moment
 * before the last good heartbeat was sent, so that the database never counts less than the process does, and it is read at
 * each question: a timer of a process that was frozen comes too late.
 */
@Injectable()
export class NodeLease {
  /** Several processes share the database. Without a cluster nobody waits for this one to die, and its lease never ends. */
  readonly isShared: boolean;
  private id: string = randomUUID();
  private heldFromMs: number | undefined;

  constructor(
    private readonly clock: Clock,
    config: AppConfig,
  ) {
    this.isShared = config.natsUrl !== undefined;
  }

  get nodeId(): string {
    return this.id;
  }

  /** True from the first good heartbeat under this id until `begin`. */
  get isRegistered(): boolean {
    return this.heldFromMs !== undefined;
  }

  get maySend(): boolean {
    return !this.isShared || this.ageMs < STOP_SENDING_MS;
  }

  /** Others may hold what was held here. */
  get hasLapsed(): boolean {
    return this.isShared && this.isRegistered && this.ageMs >= NODE_DEAD_MS;
  }

  /** A heartbeat that was sent at this monotonic time has reached the database. */
  renew(nodeId: string, sentAtMs: number): void {
    if (nodeId === this.id) this.heldFromMs = sentAtMs;
  }

  /** An id that was taken for dead never comes back. Returns the former one. */
  begin(): string {
    const former = this.id;
    this.id = randomUUID();
    this.heldFromMs = undefined;
    return former;
  }

  private get ageMs(): number {
    return this.heldFromMs === undefined ? Infinity : this.clock.monotonicMs() - this.heldFromMs;
  }
}
