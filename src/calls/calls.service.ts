import { Injectable } from '@nestjs/common';
import type { InstanceRef } from '../instances/instance-values.js';
import { CallPlacement } from './call-placement.js';
import { fingerprintOf, type FakeCallAnswer, type FakeCallRequest } from './fake-call-request.js';
import { IdempotentRequests } from './idempotent-requests.js';

/** Fake calls as a client asks for them, in the process that holds the instance. */
@Injectable()
export class CallsService {
  constructor(
    private readonly placement: CallPlacement,
    private readonly requests: IdempotentRequests,
  ) {}

  /**
   * Places a call, or tells what the first request with the same key was answered.
   * @throws what `CallPlacement` and `IdempotentRequests` throw
   */
  async placeFake(
    instance: InstanceRef,
    request: FakeCallRequest,
    idempotencyKey: string | undefined,
  ): Promise<FakeCallAnswer & { readonly replayed: boolean }> {
    if (idempotencyKey === undefined) {
      return { ...(await this.placement.place(instance, request)), replayed: false };
    }
    return this.requests.run(
      { instanceId: instance.id, key: idempotencyKey },
      fingerprintOf(request),
      (link) => this.placement.place(instance, request, (call) => link(call.id)),
    );
  }
}
