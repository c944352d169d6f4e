import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { appendEvent } from '../common/events/outbox.js';
import { AppConfig } from '../config/app-config.js';
import { instanceNews } from '../instances/instance-event.js';
import { outcomeBeforeChange, type DeliveryOutcome } from './delivery-outcome.js';
import { laneKey, type DueDelivery } from './due-delivery.js';
import { LanesRepository } from './lanes.repository.js';

/** What came of the first delivery of a claimed lane. */
export interface SettledDelivery {
  readonly delivery: DueDelivery;
  readonly outcome: DeliveryOutcome;
  /** Whether the next delivery of the lane is wanted, if this one is over. */
  readonly goOn: boolean;
}

/** A webhook that the product disabled by itself. */
export interface SwitchedOffWebhook {
  readonly webhookId: string;
  readonly instanceId: string;
  readonly accountId: string;
  /** Name of the instance. */
  readonly instance: string;
  readonly label: string;
  readonly reason: string;
  readonly at: Date;
}

export interface Settled {
  /** What was given, as far as nobody else holds it, with the outcomes that count. */
  readonly settled: readonly SettledDelivery[];
  /** The next delivery of each lane that goes on and has one. */
  readonly next: readonly DueDelivery[];
  readonly switchedOff: readonly SwitchedOffWebhook[];
}

/** Writes down what came of deliveries, many at a time. */
@Injectable()
export class SettlementsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly lanes: LanesRepository,
    @Inject(AppConfig) private readonly config: Pick<AppConfig, 'webhookDisableAfterDays'>,
  ) {}

  /**
   * Stores the outcomes and hands out the next delivery of each lane that goes on; the other lanes are given back. What
   * another process has claimed meanwhile is left to it. May be called again when it is not known whether it was stored.
   * A webhook that is locked, because it is being changed or deleted, is left out, so that nobody else waits for that.
   */
  settle(given: readonly SettledDelivery[]): Promise<Settled> {
    return this.dataSource.transaction(async (manager) => {
      const { settled, held, paused } = await this.hold(manager, given);
      const ids = await this.storeOutcomes(manager, held);
      const stored = held.filter(({ delivery }) => ids.has(delivery.deliveryId));
      const hopeless = await this.count(manager, stored);
      const switchedOff = await this.switchOff(manager, this.reasonsToSwitchOff(stored, hopeless));
      for (const { delivery, outcome } of stored) if (pauseMsIn(outcome) > 0) paused.add(delivery.webhookId);
      const isGoingOn = (one: SettledDelivery) => goesOn(one) && !paused.has(one.delivery.webhookId);
      await this.lanes.giveBack(manager, held.filter((one) => !isGoingOn(one)).map(toReturnedLane));
      const goingOn = held.filter(isGoingOn).map(({ delivery }) => delivery);
      return { settled, next: await this.lanes.goOn(manager, goingOn), switchedOff };
    });
  }

  private async hold(
    manager: EntityManager,
    given: readonly SettledDelivery[],
  ): Promise<{ settled: SettledDelivery[]; held: SettledDelivery[]; paused: Set<string> }> {
    const webhookIds = [...new Set(given.map(({ delivery }) => delivery.webhookId))];
    // An event may be stored with the outcomes, and those who delete an instance lock it before its webhooks.
    const instances = await manager.query<{ id: string }[]>(
      `SELECT id FROM instances WHERE id IN (SELECT instance_id FROM webhooks WHERE id = ANY ($1))
       ORDER BY id FOR KEY SHARE SKIP LOCKED`,
      [webhookIds],
    );
    const mine = await manager.query<{ id: string; configuredAt: Date; isPaused: boolean | null }[]>(
      `SELECT id, updated_at AS "configuredAt", enabled AND paused_until > now() AS "isPaused"
       FROM webhooks WHERE id = ANY ($1) AND instance_id = ANY ($2)
       ORDER BY id FOR NO KEY UPDATE SKIP LOCKED`,
      [webhookIds, instances.map(({ id }) => id)],
    );
    const free = new Map(mine.map(({ id, configuredAt }) => [id, configuredAt]));
    const locked = new Set(
      await this.existing(
        manager,
        webhookIds.filter((id) => !free.has(id)),
      ),
    );
    const settled = given
      .filter(({ delivery }) => !locked.has(delivery.webhookId))
      .map((one) => {
        const now = free.get(one.delivery.webhookId);
        const isChanged = now !== undefined && now.getTime() !== one.delivery.configuredAt.getTime();
        return isChanged ? { ...one, outcome: outcomeBeforeChange(one.outcome) } : one;
      });
    const lanes = settled.map(({ delivery }) => delivery).filter(({ webhookId }) => free.has(webhookId));
    const held = new Set((await this.lanes.hold(manager, lanes)).map(laneKey));
    const paused = new Set(mine.filter(({ isPaused }) => isPaused).map(({ id }) => id));
    return { settled, held: settled.filter(({ delivery }) => held.has(laneKey(delivery))), paused };
  }

  private async existing(manager: EntityManager, webhookIds: readonly string[]): Promise<string[]> {
    if (webhookIds.length === 0) return [];
    const rows = await manager.query<{ id: string }[]>(`SELECT id FROM webhooks WHERE id = ANY ($1)`, [
      webhookIds,
    ]);
    return rows.map(({ id }) => id);
  }

  /** Returns the ids of the deliveries that were still as they had been handed out. */
  private async storeOutcomes(
    manager: EntityManager,
    settled: readonly SettledDelivery[],
  ): Promise<Set<string>> {
    const rows = settled.flatMap(({ delivery: { deliveryId, attempts }, outcome }) =>
      outcome.kind === 'released'
        ? []
        : [
            {
              id: deliveryId,
              attempts,
              status: outcome.kind === 'retry' ? 'pending' : outcome.kind,
              code: outcome.status,
              error: outcome.kind === 'delivered' ? null : outcome.error,
            },
          ],
    );
    if (rows.length === 0) return new Set();
    const [stored] = await manager.query<[{ id: string }[], number]>(
      `UPDATE webhook_deliveries SET status = outcomes.status, attempts = outcomes.attempts + 1, response_status = outcomes.code,
         error = outcomes.error, settled_at = CASE WHEN outcomes.status <> 'pending' THEN now() END
       FROM json_to_recordset($1::json) AS outcomes (id uuid, attempts integer, status text, code integer, error text)
       WHERE webhook_deliveries.id = outcomes.id AND webhook_deliveries.status = 'pending'
         AND webhook_deliveries.attempts = outcomes.attempts
       RETURNING webhook_deliveries.id`,
      [JSON.stringify(rows)],
    );
    return new Set(stored.map(({ id }) => id));
  }

  /** Returns the ids of webhooks that have done nothing but fail for too long. */
  private async count(manager: EntityManager, settled: readonly SettledDelivery[]): Promise<string[]> {
    const rows = settled.map(({ delivery: { webhookId, enabled }, outcome }) => ({
      webhookId,
      delivered: outcome.kind === 'delivered' ? 1 : 0,
      dead: outcome.kind === 'dead' ? 1 : 0,
      // What a disabled webhook left behind was not tried.
      failed: outcome.kind !== 'delivered' && enabled ? 1 : 0,
      pauseSeconds: pauseMsIn(outcome) / 1000,
    }));
    if (rows.length === 0) return [];
    const [counted] = await manager.query<[{ id: string; isHopeless: boolean | null }[], number]>(
      `UPDATE webhooks SET delivered_count = delivered_count + delivered, dead_count = dead_count + dead,
         failed_attempts = failed_attempts + failed,
         last_success_at = CASE WHEN delivered > 0 THEN now() ELSE last_success_at END,
         last_failure_at = CASE WHEN failed > 0 THEN now() ELSE last_failure_at END,
         failing_since = CASE WHEN delivered > 0 THEN NULL WHEN failed > 0 THEN coalesce(failing_since, now())
           ELSE failing_since END,
         paused_until = CASE WHEN pause > 0 THEN greatest(paused_until, now() + make_interval(secs => pause))
           ELSE paused_until END
       FROM (
         SELECT "webhookId", sum(delivered) AS delivered, sum(dead) AS dead, sum(failed) AS failed, max("pauseSeconds") AS pause
         FROM json_to_recordset($1::json)
           AS outcomes ("webhookId" uuid, delivered integer, dead integer, failed integer, "pauseSeconds" double precision)
         GROUP BY "webhookId"
       ) outcomes
       WHERE webhooks.id = outcomes."webhookId"
       RETURNING webhooks.id, $2 > 0 AND failing_since <= now() - make_interval(days => $2) AS "isHopeless"`,
      [JSON.stringify(rows), this.config.webhookDisableAfterDays],
    );
    return counted.filter(({ isHopeless }) => isHopeless).map(({ id }) => id);
  }

  private reasonsToSwitchOff(
    settled: readonly SettledDelivery[],
    hopeless: readonly string[],
  ): Map<string, string> {
    const days = this.config.webhookDisableAfterDays;
    const reasons = new Map(hopeless.map((id) => [id, `The receiver did nothing but fail for ${days} days`]));
    for (const { delivery, outcome } of settled) {
      if (outcome.kind === 'dead' && outcome.disabledReason) {
        reasons.set(delivery.webhookId, outcome.disabledReason);
      }
    }
    return reasons;
  }

  /** What is disabled already keeps its reason. The others of the instance get an event, stored with the change. */
  private async switchOff(
    manager: EntityManager,
    reasons: ReadonlyMap<string, string>,
  ): Promise<SwitchedOffWebhook[]> {
    if (reasons.size === 0) return [];
    const [switchedOff] = await manager.query<[SwitchedOffWebhook[], number]>(
      `UPDATE webhooks SET enabled = false, disabled_reason = reasons.reason, disabled_at = now()
       FROM json_to_recordset($1::json) AS reasons (id uuid, reason text), instances
       WHERE webhooks.id = reasons.id AND webhooks.enabled AND instances.id = webhooks.instance_id
       RETURNING webhooks.id AS "webhookId", instances.id AS "instanceId", instances.account_id AS "accountId",
         instances.name AS instance, webhooks.label, webhooks.disabled_reason AS reason, webhooks.disabled_at AS at`,
      [JSON.stringify([...reasons].map(([id, reason]) => ({ id, reason })))],
    );
    for (const { instanceId, label, reason, at } of switchedOff) {
      const event = instanceNews(at, { state: 'webhook_disabled', label, reason });
      await appendEvent(manager, { instanceId, ...event });
    }
    return switchedOff;
  }
}

function pauseMsIn(outcome: DeliveryOutcome): number {
  return outcome.kind === 'retry' || outcome.kind === 'dead' ? (outcome.pauseMs ?? 0) : 0;
}

function goesOn({ goOn, outcome }: SettledDelivery): boolean {
  return goOn && (outcome.kind === 'delivered' || outcome.kind === 'dead');
}

function toReturnedLane({ delivery: { webhookId, lane }, outcome }: SettledDelivery) {
  return { webhookId, lane, delaySeconds: outcome.kind === 'retry' ? outcome.delayMs / 1000 : 0 };
}
