import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { OwnerCommands } from '../cluster/owner-commands.js';
import { SecretBox } from '../common/crypto/secret-box.js';
import type { TenantCaller } from '../common/http/caller.js';
import { InvalidQuery } from '../common/http/request.errors.js';
import { InstancesService } from '../instances/instances.service.js';
import { CANCEL_CALL, PLACE_CALL, type PlaceCallResult } from './commands.js';
import { CallCancellation } from './end/call-cancellation.js';
import { CallInstanceNotFound, CallNotFound } from './errors.js';
import { IncomingCallsRepository } from './incoming/incoming-calls.repository.js';
import { NOT_A_CURSOR, openCursor, sealCursor } from './lists/call-cursor.js';
import type { CallFilter } from './lists/call-list-query.js';
import { CallListsRepository, positionOf, type ListedCall } from './lists/call-lists.repository.js';
import { CallAdmission } from './place/call-admission.js';
import type { FakeCallRequest } from './place/fake-call.js';
import { PlaceCall } from './place/place-call.js';
import { CallsRepository } from './store/calls.repository.js';

/** One page of calls. */
export interface CallPage {
  readonly calls: readonly ListedCall[];
  /** `null` when there is no further page. */
  readonly nextCursor: string | null;
}

/** What clients ask of calls, wherever the session of the instance is; each command also throws `OwnerUnavailable`. */
@Injectable()
export class CallsService implements OnModuleInit {
  constructor(
    private readonly commands: OwnerCommands,
    @Inject(InstancesService) private readonly instances: Pick<InstancesService, 'find'>,
    private readonly admission: CallAdmission,
    private readonly placing: PlaceCall,
    private readonly cancellation: CallCancellation,
    private readonly calls: CallsRepository,
    private readonly incoming: IncomingCallsRepository,
    private readonly lists: CallListsRepository,
    private readonly secrets: SecretBox,
  ) {}

  onModuleInit(): void {
    this.commands.handle(PLACE_CALL, (instanceId, args) => this.placing.run(instanceId, args));
    this.commands.handle(CANCEL_CALL, (instanceId, callId) => this.cancellation.cancel(instanceId, callId));
  }

  /** @throws CallInstanceNotFound, and what `PlaceCall.run` throws */
  async placeFake(
    caller: TenantCaller,
    instanceName: string,
    request: FakeCallRequest,
    idempotencyKey: string | null,
  ): Promise<PlaceCallResult> {
    const { accountId } = caller;
    const args = { accountId, instanceName, request, idempotencyKey };
    const known = this.admission.knownId(accountId, instanceName);
    if (known === undefined)
      return this.commands.run(PLACE_CALL, await this.idOf(caller, instanceName), args);
    try {
      return await this.commands.run(PLACE_CALL, known, args);
    } catch (error) {
      if (!(error instanceof CallInstanceNotFound)) throw error;
      // It was deleted elsewhere, and another one may have its name.
      const id = await this.idOf(caller, instanceName);
      if (id === known) throw error;
      return this.commands.run(PLACE_CALL, id, args);
    }
  }

  /**
   * The call as it ended.
   * @throws CallInstanceNotFound, and what `CallCancellation.cancel` throws
   */
  async cancel(caller: TenantCaller, instanceName: string, callId: string): Promise<ListedCall> {
    const instanceId = await this.idOf(caller, instanceName);
    await this.commands.run(CANCEL_CALL, instanceId, callId);
    return this.find(instanceId, callId);
  }

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
    const instanceId = await this.idOf(caller, instanceName);
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
    return this.find(await this.idOf(caller, instanceName), callId);
  }

  private async find(instanceId: string, callId: string): Promise<ListedCall> {
    const placed = await this.calls.findByCallId(instanceId, callId);
    if (placed) return { direction: 'outgoing', call: placed };
    const incoming = await this.incoming.findByCallId(instanceId, callId);
    if (!incoming) throw new CallNotFound();
    return { direction: 'incoming', call: incoming };
  }

  private async idOf(caller: TenantCaller, instanceName: string): Promise<string> {
    const instance = await this.instances.find(caller, instanceName);
    if (!instance) throw new CallInstanceNotFound();
    return instance.id;
  }
}
