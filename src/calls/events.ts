import type { Call } from './store/call.entity.js';

/** A call moved to another state and that is stored. `call.callId` is `null` when it failed before it had one. */
export class CallChanged {
  constructor(
    readonly instanceId: string,
    readonly call: Call,
  ) {}
}

/** The time of a call was over and its phones were sent the hang-up. Published again when that had to be repeated. */
export class CallHungUp {
  constructor(
    readonly plannedAt: Date,
    /** When the last phone was sent it. */
    readonly at: Date,
  ) {}
}
