import { Injectable } from '@nestjs/common';
import type { TenantCaller } from '../common/http/caller.js';
import type { Call } from './call.entity.js';
import type { CallPage } from './call.views.js';
import { CallNotFound } from './calls.errors.js';
import { CallsRepository, type CallFilter } from './calls.repository.js';
import { InstanceLookup } from './instance-lookup.js';

/** Looks at calls. */
@Injectable()
export class CallQueries {
  constructor(
    private readonly instances: InstanceLookup,
    private readonly calls: CallsRepository,
  ) {}

  /** One page, newest first. @throws CallInstanceNotFound */
  async list(caller: TenantCaller, instanceName: string, filter: CallFilter): Promise<CallPage> {
    const { id: instanceId } = await this.instances.require(caller, instanceName);
    // One more than asked for tells whether there is a next page.
    const found = await this.calls.list(instanceId, { ...filter, limit: filter.limit + 1 });
    const calls = found.slice(0, filter.limit);
    return { calls, continueAfter: found.length > calls.length ? (calls.at(-1)?.id ?? null) : null };
  }

  /** @throws CallInstanceNotFound, CallNotFound */
  async get(caller: TenantCaller, instanceName: string, callId: string): Promise<Call> {
    const { id: instanceId } = await this.instances.require(caller, instanceName);
    const call = await this.calls.findByCallId(instanceId, callId);
    if (!call) throw new CallNotFound();
    return call;
  }
}
