import { Injectable } from '@nestjs/common';
import type { TenantCaller } from '../common/http/caller.js';
import { CallPlacement } from './call-placement.js';
import { fingerprintOf, type FakeCallAnswer, type FakeCallRequest } from './fake-call-request.js';
import { IdempotentRequests } from './idempotent-requests.js';
import { InstanceLookup } from './instance-lookup.js';

/** Fake calls as a client asks for them. */
@Injectable()
export class CallsService {
  constructor(
    private readonly instances: InstanceLookup,
    private readonly placement: CallPlacement,
    private readonly requests: IdempotentRequests,
  ) {}

  /**
   * Places a call, or tells what the first request with the same key was answered.
   * @throws CallInstanceNotFound and what `CallPlacement` and `IdempotentRequests` throw
   */
  async placeFake(
    caller: TenantCaller,
    instanceName: string,
    request: FakeCallRequest,
    idempotencyKey: string | undefined,
  ): Promise<FakeCallAnswer & { readonly replayed: boolean }> {
    const instance = await this.instances.require(caller, instanceName);
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
