import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { prepared } from '../common/database/prepared-statements.js';
import type { Lane } from '../common/events/webhook-event.js';
import { AppConfig } from '../config/app-config.js';
import type { DeliveryOutcome } from './delivery-outcome.js';
import type { DueDelivery, SettledDelivery } from './due-delivery.js';
import { CLAIM, HURRIED_AT_ONCE, HURRY, SETTLE } from './lane-statements.js';

export interface ClaimLimits {
  /** Lanes to claim at most. */
  readonly lanes: number;
  /** Lanes that could be tried besides those that are. */
  readonly free: number;
  /** Of those that are free or its own, the share that one account may have. */
  readonly accountShare: number;
  /** Lanes that may be tried at the same time for one webhook. */
  readonly lanesPerWebhook: number;
  /** The same for a webhook whose last try failed, so that it keeps few connections busy. */
  readonly lanesPerFailingWebhook: number;
  /** Lanes that are being tried, by account and by webhook. */
  readonly busyAccounts: Readonly<Record<string, number>>;
  readonly busyWebhooks: Readonly<Record<string, number>>;
}

/** What was stored of an outcome. */
export interface Settlement {
  /** Somebody else holds the webhook, because it is being changed or deleted: nothing was stored. */
  readonly isLocked: boolean;
  /** The attempt began before the owner changed the webhook: a failure says nothing about the changed one, and does not count. */
  readonly isReleased: boolean;
  /** Why the webhook must be switched off; `undefined`: it need not be. */
  readonly switchOffReason: string | undefined;
  /** `ended`: nothing waits in the lane; `renewed`: `next` goes on; `returned`: whoever claims it goes on; `null`: it is not ours. */
  readonly fate: 'ended' | 'renewed' | 'returned' | null;
  readonly next: DueDelivery | undefined;
}

/** A try takes at most 10 s; a process that did not settle by then plus a margin is taken for dead. */
const CLAIM_SECONDS = 15;

type ClaimedLane = DueDelivery | (Lane & { readonly deliveryId: null });
type SettledRow = Omit<Settlement, 'next' | 'switchOffReason'> & {
  readonly isHopeless: boolean;
} & ClaimedLane;

/** `nothing`: the lane was claimed and nothing waits in it. */
type SettledLane = Omit<SettledDelivery, 'outcome' | 'delivery'> & {
  readonly outcome: DeliveryOutcome | { readonly kind: 'nothing' };
  readonly delivery: Lane & Partial<DueDelivery>;
};

/**
 * Hands out the first delivery of each lane to one process at a time. Times are the database's, which is the one clock
 * that all processes share. Locks are taken in one order everywhere: instances, webhooks, lanes (sorted), deliveries.
 */
@Injectable()
export class LanesRepository {
  /** What this process claims is known by. */
  private readonly claimant = randomUUID();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(AppConfig) private readonly config: Pick<AppConfig, 'webhookDisableAfterDays'>,
  ) {}

  /** Claims due lanes; a claim that is not settled in time is void. */
  async claim(limits: ClaimLimits): Promise<DueDelivery[]> {
    const claimed = await this.dataSource.query<ClaimedLane[]>(prepared(CLAIM), [
      JSON.stringify(limits.busyAccounts),
      JSON.stringify(limits.busyWebhooks),
      limits.lanes,
      limits.free,
      limits.accountShare,
      limits.lanesPerWebhook,
      limits.lanesPerFailingWebhook,
      this.claimant,
      CLAIM_SECONDS,
    ]);
    const empty = claimed.filter(({ deliveryId }) => deliveryId === null);
    if (empty.length > 0) {
      await this.store(
        empty.map(({ webhookId, lane }) => ({
          delivery: { webhookId, lane },
          outcome: { kind: 'nothing' },
          goOn: false,
        })),
      );
    }
    return claimed.filter(isDue);
  }

  /**
   * Stores outcomes and hands out the next delivery of each lane that goes on. May be called again when it is not known whether it was
   * stored.
   * @returns one settlement for each, in their order
   */
  settle(settled: readonly SettledDelivery[]): Promise<Settlement[]> {
    return this.store(settled);
  }

  /**
   * Makes all lanes of the webhook due that nobody is trying. Some at a time, each in a statement of its own: there may be very many,
   * and new events of the webhook would wait for their locks.
   */
  async hurry(webhookId: string): Promise<void> {
    for (let hurried = HURRIED_AT_ONCE; hurried === HURRIED_AT_ONCE;) {
      [, hurried] = await this.dataSource.query<[unknown, number]>(HURRY, [webhookId, HURRIED_AT_ONCE]);
    }
  }

  /** Returns a lane if it is still claimed by this process: it is due at once. */
  async release({ webhookId, lane }: Lane): Promise<void> {
    await this.dataSource.query(
      `UPDATE webhook_lanes SET claimed_by = NULL, due_at = now() WHERE webhook_id = $1 AND lane = $2 AND claimed_by = $3`,
      [webhookId, lane, this.claimant],
    );
  }

  private async store(settled: readonly SettledLane[]): Promise<Settlement[]> {
    const rows = await this.dataSource.query<SettledRow[]>(prepared(SETTLE), [
      JSON.stringify(settled.map(toParameters)),
      this.claimant,
      CLAIM_SECONDS,
      this.config.webhookDisableAfterDays,
    ]);
    return rows.map(({ isLocked, isReleased, isHopeless, fate, ...next }, index) => ({
      isLocked,
      isReleased,
      fate,
      next: isDue(next) ? next : undefined,
      switchOffReason:
        isReleased || fate === null ? undefined : this.switchOffReason(settled[index], isHopeless),
    }));
  }

  private switchOffReason(settled: SettledLane | undefined, isHopeless: boolean): string | undefined {
    if (settled?.outcome.kind === 'dead' && settled.outcome.disabledReason)
      return settled.outcome.disabledReason;
    const days = this.config.webhookDisableAfterDays;
    return isHopeless ? `The receiver did nothing but fail for ${days} days` : undefined;
  }
}

function isDue(lane: ClaimedLane): lane is DueDelivery {
  return lane.deliveryId !== null;
}

function toParameters({ delivery, outcome, goOn }: SettledLane, place: number) {
  const { webhookId, lane, deliveryId = null, attempts = null, configuredAt = null, enabled } = delivery;
  return {
    place,
    webhookId,
    lane,
    deliveryId,
    attempts,
    configuredAt,
    kind: outcome.kind,
    code: 'status' in outcome ? outcome.status : null,
    error: 'error' in outcome ? outcome.error : null,
    delaySeconds: 'delayMs' in outcome ? outcome.delayMs / 1000 : 0,
    pauseSeconds: 'pauseMs' in outcome ? (outcome.pauseMs ?? 0) / 1000 : 0,
    goesOn: goOn,
    // What a disabled webhook left behind was not tried.
    isTried: enabled ?? false,
    isGone: outcome.kind === 'dead' && outcome.disabledReason !== undefined,
  };
}
