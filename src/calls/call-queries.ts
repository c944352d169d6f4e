import { Injectable } from '@nestjs/common';
import { SecretBox } from '../common/crypto/secret-box.js';
import type { TenantCaller } from '../common/http/caller.js';
import { InvalidQuery } from '../common/http/request.errors.js';
import { NOT_A_CURSOR, openCursor, sealCursor } from './call-cursor.js';
import type { CallFilter } from './call-list-query.js';
import { CallListsRepository, positionOf, type ListedCall } from './call-lists.repository.js';
import type { CallPage } from './call.views.js';
import { CallNotFound } from './calls.errors.js';
import { CallsRepository } from './calls.repository.js';
import { IncomingCallsRepository } from './incoming-calls.repository.js';
import { InstanceLookup } from './instance-lookup.js';

/** Looks at calls. */
@Injectable()
export class CallQueries {
  constructor(
    private readonly instances: InstanceLookup,
    private readonly calls: CallsRepository,
    private readonly incoming: IncomingCallsRepository,
    private readonly lists: CallListsRepository,
    private readonly secrets: SecretBox,
  ) {}

  /**
   * One page, newest first.
   * @param cursor where the page before ended
   * @throws CallInstanceNotFound, InvalidQuery
   */
  async list(
    caller: TenantCaller,
    instanceName: string,
    filter: Omit<CallFilter, 'after'>,
    cursor?: string,
  ): Promise<CallPage> {
    const { id: instanceId } = await this.instances.require(caller, instanceName);
    const after = cursor === undefined ? undefined : openCursor(cursor, instanceId, this.secrets);
    if (cursor !== undefined && !after) throw new InvalidQuery(`cursor ${NOT_A_CURSOR}`);
    // One more than asked for tells whether there is a next page.
    const found = await this.lists.list(instanceId, { ...filter, after, limit: filter.limit + 1 });
    const calls = found.slice(0, filter.limit);
    const last = found.length > calls.length ? calls.at(-1) : undefined;
    return { calls, nextCursor: last ? sealCursor(positionOf(last), instanceId, this.secrets) : null };
  }

  /** @throws CallInstanceNotFound, CallNotFound */
  async get(caller: TenantCaller, instanceName: string, callId: string): Promise<ListedCall> {
    const { id: instanceId } = await this.instances.require(caller, instanceName);
    const placed = await this.calls.findByCallId(instanceId, callId);
    if (placed) return { direction: 'outgoing', call: placed };
    const incoming = await this.incoming.findByCallId(instanceId, callId);
    if (!incoming) throw new CallNotFound();
    return { direction: 'incoming', call: incoming };
  }
}
