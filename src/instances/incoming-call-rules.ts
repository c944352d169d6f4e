import { Injectable } from '@nestjs/common';
import { InstanceStatusRepository } from './instance-status.repository.js';

/** What the owner of an instance wants done with calls to it. */
export interface IncomingCallRule {
  readonly autoReject: boolean;
  /** Sent to a caller who was rejected; empty = nothing, as while WhatsApp restricts the account. */
  readonly message: string;
}

/** Tells how incoming calls are treated, as configured now. */
@Injectable()
export class IncomingCallRules {
  constructor(private readonly repository: InstanceStatusRepository) {}

  /** `undefined`: the instance is gone. */
  async of(instanceId: string): Promise<IncomingCallRule | undefined> {
    const instance = await this.repository.findWhole(instanceId);
    return instance
      ? {
          autoReject: instance.autoRejectCalls,
          message: instance.restricted ? '' : instance.callRejectMessage,
        }
      : undefined;
  }
}
