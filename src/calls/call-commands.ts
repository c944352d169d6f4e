import { Injectable, type OnModuleInit } from '@nestjs/common';
import { OwnerCommands } from '../cluster/owner-commands.js';
import { Clock } from '../common/time/clock.js';
import type { TenantCaller } from '../common/http/caller.js';
import { CallCancellation } from './call-cancellation.js';
import { CANCEL_CALL, PLACE_CALL, type PlaceCallArgs, type PlaceCallResult } from './call-command-kinds.js';
import { CallQueries } from './call-queries.js';
import type { ListedCall } from './call-lists.repository.js';
import { CallInstanceNotFound, ReplayedError } from './calls.errors.js';
import { CallsService } from './calls.service.js';
import type { FakeCallAnswer, FakeCallRequest } from './fake-call-request.js';
import { InstanceLookup } from './instance-lookup.js';
import { rememberError, rememberPlaced, replay } from './remembered-answer.js';

/** What clients ask of calls, wherever the session of the instance is; each command also throws `OwnerUnavailable`. */
@Injectable()
export class CallCommands implements OnModuleInit {
  constructor(
    private readonly commands: OwnerCommands,
    private readonly instances: InstanceLookup,
    private readonly calls: CallsService,
    private readonly cancellation: CallCancellation,
    private readonly queries: CallQueries,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.commands.handle(PLACE_CALL, (instanceId, args) => this.placeForOthers(instanceId, args));
    this.commands.handle(CANCEL_CALL, (instanceId, callId) => this.cancellation.cancel(instanceId, callId));
  }

  /** @throws CallInstanceNotFound, and what `CallsService.placeFake` throws */
  async placeFake(
    caller: TenantCaller,
    instanceName: string,
    request: FakeCallRequest,
    idempotencyKey: string | undefined,
  ): Promise<FakeCallAnswer & { readonly replayed: boolean }> {
    const instance = await this.instances.require(caller, instanceName);
    const { accountId } = caller;
    const args = { accountId, instanceName, request, idempotencyKey: idempotencyKey ?? null };
    const { answer, replayed } = await this.commands.run(PLACE_CALL, instance.id, args, async () => {
      const { replayed, ...placed } = await this.calls.placeFake(instance, request, idempotencyKey);
      return { answer: rememberPlaced(placed), replayed };
    });
    return { ...replay(answer, this.clock.now()), replayed };
  }

  /**
   * The call as it ended.
   * @throws CallInstanceNotFound, and what `CallCancellation.cancel` throws
   */
  async cancel(caller: TenantCaller, instanceName: string, callId: string): Promise<ListedCall> {
    const { id } = await this.instances.require(caller, instanceName);
    await this.commands.run(CANCEL_CALL, id, callId, () => this.cancellation.cancel(id, callId));
    return this.queries.get(caller, instanceName, callId);
  }

  private async placeForOthers(instanceId: string, args: PlaceCallArgs): Promise<PlaceCallResult> {
    const { accountId, instanceName, request, idempotencyKey } = args;
    const instance = await this.instances.require({ kind: 'account', accountId }, instanceName);
    // Deleted on the way, and made anew under the same name.
    if (instance.id !== instanceId) throw new CallInstanceNotFound();
    try {
      const { replayed, ...placed } = await this.calls.placeFake(
        instance,
        request,
        idempotencyKey ?? undefined,
      );
      return { answer: rememberPlaced(placed), replayed };
    } catch (error) {
      if (!(error instanceof ReplayedError)) throw error;
      return { answer: rememberError(error, this.clock.now()), replayed: true };
    }
  }
}
