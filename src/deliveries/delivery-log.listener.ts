import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { LineBudget } from '../common/logging/line-budget.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import type { DeliveryOutcome } from './delivery-outcome.js';
import { DeliverySettled, type DueDelivery } from './due-delivery.js';

/** Webhooks with lines of their own in a minute; deliveries of further ones are counted together. */
const MAX_WEBHOOKS = 1000;

type WebhookIdentity = Pick<DueDelivery, 'webhookId' | 'instanceId' | 'accountId' | 'instance' | 'label'>;

/**
 * Deliveries that were given up, in the log: of each webhook the first at once, and then their number once a minute, because a
 * receiver that is gone may have left thousands.
 */
@Injectable()
export class DeliveryLogListener implements OnModuleInit, OnApplicationShutdown {
  private readonly budget: LineBudget<WebhookIdentity>;

  constructor(
    private readonly events: EventBus,
    clock: Clock,
    private readonly log: Log,
  ) {
    this.budget = new LineBudget(clock, {
      linesAMinute: 1,
      maxKinds: MAX_WEBHOOKS,
      report: (held) => {
        for (const { last, count, countByLabel } of held) {
          const counts = { deliveries: count, errors: countByLabel };
          if (last) log.warn('More deliveries of a webhook were given up', { ...last, ...counts });
          else log.warn('Deliveries of further webhooks were given up', counts);
        }
      },
    });
  }

  onModuleInit(): void {
    this.events.on(DeliverySettled, ({ delivery, outcome }) => {
      if (outcome.kind === 'dead') this.note(delivery, outcome);
    });
  }

  onApplicationShutdown(): void {
    this.budget.flush();
  }

  private note(delivery: DueDelivery, { status, error }: DeliveryOutcome & { readonly kind: 'dead' }): void {
    const { webhookId, instanceId, accountId, instance, label, event, enabled } = delivery;
    const webhook = { webhookId, instanceId, accountId, instance, label };
    if (!this.budget.take(webhookId, error, webhook)) return;
    // What a disabled webhook left behind was not tried again.
    const attempts = enabled ? delivery.attempts + 1 : delivery.attempts;
    this.log.warn('A delivery of a webhook was given up', { ...webhook, event, attempts, status, error });
  }
}
