import type { Call } from './store/call.entity.js';

/** A call moved to another state and that is stored. `call.callId` is `null` when it failed before it had one. */
export class CallChanged {
  constructor(
    readonly instanceId: string,
    readonly call: Call,
  ) {}
}

/** The time of a call was over and its phones were told to stop. Told again when that had to be repeated. */
export class CallHungUp {
  constructor(
    readonly plannedAt: Date,
    /** When the last phone was told. */
    readonly at: Date,
  ) {}
}
