import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import { appendEvent, type OutboxEvent } from '../../src/common/events/outbox.js';
import type { TenantCaller } from '../../src/common/http/caller.js';
import { SystemClock } from '../../src/common/time/system-clock.js';
import { parseAppConfig } from '../../src/config/app-config.js';
import { DeliveriesRepository } from '../../src/events/deliveries.repository.js';
import { DeliveriesService } from '../../src/events/deliveries.service.js';
import { DeliveryAttempts } from '../../src/events/delivery-attempts.js';
import { DeliveryLogListener } from '../../src/events/delivery-log.listener.js';
import { WebhookSwitchedOff } from '../../src/events/delivery-settled.event.js';
import { DeliveryWorker } from '../../src/events/delivery-worker.js';
import { LanesRepository } from '../../src/events/lanes.repository.js';
import { OutboxDispatcher } from '../../src/events/outbox-dispatcher.js';
import { OutboxRepository } from '../../src/events/outbox.repository.js';
import { Settlements } from '../../src/events/settlements.js';
import { SettlementsRepository } from '../../src/events/settlements.repository.js';
import { WebhookSender } from '../../src/events/webhook-sender.js';
import { WebhookTests } from '../../src/events/webhook-tests.js';
import { WebhooksRepository } from '../../src/events/webhooks.repository.js';
import { WebhooksService } from '../../src/events/webhooks.service.js';
import { SilentLog } from '../support/silent-log.js';
import { newAccount, setUpInstances, draft } from './instances-stage.js';
import { TestOwnership } from '../support/test-ownership.js';
import type { ReceivedWebhook, WebhookReceiver } from '../support/webhook-receiver.js';

export interface EventProcessOptions {
  /** Seconds before each further try. */
  readonly retrySeconds?: readonly number[];
  readonly sendTimeoutMs?: number;
  readonly allowPrivate?: boolean;
  readonly disableAfterDays?: number;
}

export const BASE_URL = 'https://calls.example.com';

/** All processes have the key. */
export const secrets = new SecretBox([randomBytes(32)]);

/** One process that hands out and delivers events of a database, wired as the product does it. */
export class EventProcess {
  readonly log = new SilentLog();
  readonly events = new EventBus(this.log);
  readonly dispatcher: OutboxDispatcher;
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
    const lanes = new LanesRepository(dataSource);
    const attempts = new DeliveryAttempts(sender, secrets, config, clock, this.log);
    const settlements = new Settlements(
      new SettlementsRepository(dataSource, lanes, config),
      this.events,
      this.log,
    );
    new DeliveryLogListener(this.events, clock, this.log).onModuleInit();
    const { instances } = setUpInstances(dataSource);
    this.worker = new DeliveryWorker(lanes, attempts, settlements, sender, clock, this.log);
    this.events.on(WebhookSwitchedOff, ({ webhook }) => this.worker.hurry(webhook.webhookId));
    const address = { current: () => BASE_URL };
    const outbox = new OutboxRepository(dataSource, new TestOwnership());
    this.dispatcher = new OutboxDispatcher(outbox, this.worker, address, this.events, clock, this.log);
    const webhooks = new WebhooksRepository(dataSource);
    this.webhooks = new WebhooksService(instances, webhooks, this.worker, secrets, clock);
    this.tests = new WebhookTests(instances, webhooks, attempts, address, clock);
    this.deliveries = new DeliveriesService(instances, new DeliveriesRepository(dataSource), this.worker);
  }

  start(): this {
    this.dispatcher.start();
    this.worker.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.dispatcher.stop();
    await this.worker.stop();
  }

  /** Stores events as the product does, and hands them out. */
  async emit(...events: OutboxEvent[]): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      for (const event of events) await appendEvent(manager, event);
    });
    this.dispatcher.wake();
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
export function callUpdate(instanceId: string, callId: string, step: number): OutboxEvent {
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
