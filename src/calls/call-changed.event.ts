import type { Call } from './call.entity.js';

/** A call moved to another state and that is stored. `call.callId` is `null` when it failed before it had one. */
export class CallChanged {
  constructor(
    readonly instanceId: string,
    readonly call: Call,
  ) {}
}
