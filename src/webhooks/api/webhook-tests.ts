import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { FairTurns, QueueFull } from '../../common/async/fair-turns.js';
import type { TenantCaller } from '../../common/http/caller.js';
import { Clock } from '../../common/time/clock.js';
import { InstancesService } from '../../instances/instances.service.js';
import type { EventEnvelope } from '../../common/events/event-writer.js';
import { BaseAddress } from '../../common/http/base-address.js';
import { DeliveryAttempts, type Receiver } from '../../deliveries/delivery-attempts.js';
import { faultOf } from '../../deliveries/delivery-outcome.js';
import {
  MAX_WEBHOOK_TESTS,
  TooManyWebhookTests,
  WebhookDisabled,
  WebhookNotFound,
} from '../store/webhooks.errors.js';
import { WebhooksRepository } from '../store/webhooks.repository.js';
import type { WebhookTest } from '../store/webhook-values.js';

/** What a webhook is tried with; it is never stored, and sent to nobody else. */
const TEST_EVENT = 'webhook.test';

/** Sends an event that nothing caused, once and while its caller waits, so that a webhook can be tried. */
@Injectable()
export class WebhookTests {
  /** Nobody waits for a place: who asks for more than may run is refused. */
  private readonly turns = new FairTurns<string>({ placesPerKey: MAX_WEBHOOK_TESTS, waitingPerKey: 0 });

  constructor(
    private readonly instances: InstancesService,
    private readonly webhooks: WebhooksRepository,
    private readonly attempts: DeliveryAttempts,
    @Inject(BaseAddress) private readonly address: Pick<BaseAddress, 'current'>,
    private readonly clock: Clock,
  ) {}

  /** @throws InstanceNotFound, WebhookNotFound, WebhookDisabled, TooManyWebhookTests */
  async run(caller: TenantCaller, instanceName: string, label: string): Promise<WebhookTest> {
    const { id, name } = await this.instances.require(caller, instanceName);
    const webhook = await this.webhooks.find(id, label);
    if (!webhook) throw new WebhookNotFound();
    if (!webhook.enabled || webhook.url === null) throw new WebhookDisabled();
    const isOver = (webhook.previousSecretUntil ?? new Date(0)) <= this.clock.now();
    const receiver = {
      ...webhook,
      accountId: caller.accountId,
      webhookId: webhook.id,
      previousSecret: isOver ? null : webhook.previousSecret,
    };
    const turn = await this.turns.take(caller.accountId).catch((error: unknown) => {
      throw error instanceof QueueFull ? new TooManyWebhookTests() : error;
    });
    try {
      return await this.send(receiver, name);
    } finally {
      turn.end();
    }
  }

  private async send(receiver: Receiver, instance: string): Promise<WebhookTest> {
    const { label } = receiver;
    const eventId = randomUUID();
    const timestamp = this.clock.now().toISOString();
    const envelope: EventEnvelope = {
      id: eventId,
      event: TEST_EVENT,
      timestamp,
      data: { label, timestamp },
      instanceData: { baseUrl: this.address.current(), instance },
    };
    const body = JSON.stringify(envelope);
    const sent = await this.attempts.send(
      receiver,
      { eventId, event: TEST_EVENT, body },
      { showsAnswer: true },
    );
    const { status, answer = '' } = sent.kind === 'failed' ? { status: null, answer: null } : sent;
    return { eventId, label, status, durationMs: sent.durationMs, answer, error: faultOf(sent) };
  }
}
