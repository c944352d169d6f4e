import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import type { EventWriter } from '../../src/common/events/event-writer.js';
import { EventStored, type WebhookEvent } from '../../src/common/events/webhook-event.js';
import type { TenantCaller } from '../../src/common/http/caller.js';
import { SystemClock } from '../../src/common/time/system-clock.js';
import { parseAppConfig } from '../../src/config/app-config.js';
import { DeliveriesRepository } from '../../src/deliveries/deliveries.repository.js';
import { DeliveriesService } from '../../src/webhooks/api/deliveries.service.js';
import { DeliveryAttempts } from '../../src/deliveries/delivery-attempts.js';
import { DeliveryLogListener } from '../../src/deliveries/delivery-log.listener.js';
import { WebhookSwitchedOff } from '../../src/deliveries/due-delivery.js';
import { DeliveryWorker } from '../../src/deliveries/delivery-worker.js';
import { LanesRepository } from '../../src/deliveries/lanes.repository.js';
import { Settlements } from '../../src/deliveries/settlements.js';
import { WebhookSender } from '../../src/webhooks/sending/webhook-sender.js';
import { WebhookTests } from '../../src/webhooks/api/webhook-tests.js';
import { WebhooksRepository } from '../../src/webhooks/store/webhooks.repository.js';
import { WebhooksService } from '../../src/webhooks/api/webhooks.service.js';
import { SilentLog } from '../support/silent-log.js';
import { newAccount, setUpInstances, draft } from './instances-stage.js';
import { BASE_URL, eventWriter } from '../support/test-ownership.js';
import type { ReceivedWebhook, WebhookReceiver } from '../support/webhook-receiver.js';

export interface EventProcessOptions {
  /** Seconds before each further try. */
  readonly retrySeconds?: readonly number[];
  readonly sendTimeoutMs?: number;
  readonly allowPrivate?: boolean;
  readonly disableAfterDays?: number;
}

/** All processes have the key. */
export const secrets = new SecretBox([randomBytes(32)]);

/** One process that stores and delivers events of a database, wired as the product does it. */
export class EventProcess {
  readonly log = new SilentLog();
  readonly events = new EventBus(this.log);
  readonly writer: EventWriter = eventWriter(this.events);
  readonly worker: DeliveryWorker;
  readonly webhooks: WebhooksService;
  readonly deliveries: DeliveriesService;
  readonly tests: WebhookTests;

  constructor(
    readonly dataSource: DataSource,
    {
      retrySeconds = [0, 0, 0],
      sendTimeoutMs = 10_000,
      allowPrivate = true,
      disableAfterDays = 5,
    }: EventProcessOptions = {},
  ) {
    const clock = new SystemClock();
    const config = {
      ...parseAppConfig({}),
      webhookRetrySeconds: retrySeconds,
      webhookAllowPrivate: allowPrivate,
      webhookDisableAfterDays: disableAfterDays,
    };
    const sender = new WebhookSender({ timeoutMs: sendTimeoutMs });
    const lanes = new LanesRepository(dataSource, config);
    const webhooks = new WebhooksRepository(dataSource, this.writer);
    const attempts = new DeliveryAttempts(sender, secrets, config, clock, this.log);
    const settlements = new Settlements(lanes, webhooks, this.events, this.log);
    new DeliveryLogListener(this.events, clock, this.log).onModuleInit();
    const { instances } = setUpInstances(dataSource);
    this.worker = new DeliveryWorker(lanes, attempts, settlements, sender, clock, this.log);
    this.events.on(WebhookSwitchedOff, ({ webhook }) => this.worker.hurry(webhook.webhookId));
    this.events.on(EventStored, ({ lanes: added }) => this.worker.added(added));
    const address = { current: () => BASE_URL };
    this.webhooks = new WebhooksService(instances, webhooks, this.worker, secrets, clock);
    this.tests = new WebhookTests(instances, webhooks, attempts, address, clock);
    this.deliveries = new DeliveriesService(instances, new DeliveriesRepository(dataSource), this.worker);
  }

  start(): this {
    this.worker.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.worker.stop();
  }

  /** Stores events as the product does: one in a statement of its own, several together. */
  async emit(...events: WebhookEvent[]): Promise<void> {
    const [only, ...more] = events;
    if (only && more.length === 0)
      return this.writer.publish(await this.writer.store(this.dataSource.manager, only));
    const stored = await this.dataSource.transaction(async (manager) => {
      const results = [];
      for (const event of events) results.push(await this.writer.store(manager, event));
      return results;
    });
    for (const one of stored) this.writer.publish(one);
  }
}

/** An instance that events can happen to. */
export interface EventSource {
  readonly caller: TenantCaller;
  readonly name: string;
  readonly instanceId: string;
}

export async function newEventSource(dataSource: DataSource, name = 'shop'): Promise<EventSource> {
  const caller = await newAccount(dataSource);
  const { instances } = setUpInstances(dataSource);
  const { instance } = await instances.create(caller, draft(name));
  return { caller, name, instanceId: instance.id };
}

/** The n-th event of a call. */
export function callUpdate(instanceId: string, callId: string, step: number): WebhookEvent {
  const at = new Date();
  const data = { state: 'ringing', callId, step, timestamp: at.toISOString() };
  return { instanceId, type: 'call.update', lane: `call:${callId}`, at, data };
}

/** Stores one more event of a call, and waits until the receiver has it. */
export async function emitAndReceive(
  process: EventProcess,
  { instanceId }: EventSource,
  receiver: WebhookReceiver,
): Promise<ReceivedWebhook> {
  const before = receiver.received.length;
  await process.emit(callUpdate(instanceId, 'A', before));
  await until(() => receiver.received.length > before, 'a delivery');
  const received = receiver.received.at(-1);
  if (!received) throw new Error('no delivery');
  return received;
}

/** A webhook that takes everything and is never reached, so that what is queued for it can be read. */
export async function keepEvents(dataSource: DataSource, instanceId: string): Promise<void> {
  await dataSource.query(
    `INSERT INTO webhooks (instance_id, label, enabled, url) VALUES ($1, 'kept', true, 'https://kept.example.com')`,
    [instanceId],
  );
}

/** What was queued for it, in order. */
export async function keptEvents(
  dataSource: DataSource,
  instanceId: string,
): Promise<Record<string, unknown>[]> {
  const rows = await dataSource.query<{ body: string }[]>(
    `SELECT body FROM webhook_deliveries JOIN webhooks ON webhooks.id = webhook_id
     WHERE webhook_deliveries.instance_id = $1 AND webhooks.label = 'kept' ORDER BY position`,
    [instanceId],
  );
  return rows.map(({ body }) => (JSON.parse(body) as { data: Record<string, unknown> }).data);
}

/** Polls until the condition holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 10_000,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
