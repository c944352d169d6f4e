import type { DataSource } from 'typeorm';
import type { Delivery, DeliveryStatus } from '../../src/deliveries/delivery-values.js';
import type { WebhookChange } from '../../src/webhooks/store/webhook-values.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';
import { EventProcess, newEventSource, type EventProcessOptions, type EventSource } from './events-stage.js';

/** An instance with webhooks, processes that deliver and servers that receive; everything is closed with it. */
export class DeliveryScene {
  private readonly closing: (() => Promise<void>)[] = [];

  private constructor(
    private readonly dataSource: DataSource,
    readonly source: EventSource,
  ) {}

  static async on(dataSource: DataSource): Promise<DeliveryScene> {
    return new DeliveryScene(dataSource, await newEventSource(dataSource));
  }

  get instanceId(): string {
    return this.source.instanceId;
  }

  start(options: EventProcessOptions = {}, dataSource = this.dataSource): EventProcess {
    const process = new EventProcess(dataSource, options).start();
    this.closing.push(() => process.stop());
    return process;
  }

  async receiver(answer?: WebhookReceiver['answer']): Promise<WebhookReceiver> {
    const receiver = await WebhookReceiver.start(answer);
    this.closing.push(() => receiver.close());
    return receiver;
  }

  async hook(process: EventProcess, url: string, more: Partial<WebhookChange> = {}): Promise<void> {
    const change = { label: 'default', enabled: true, url, ...more };
    await process.webhooks.change(this.source.caller, this.source.name, change);
  }

  list(process: EventProcess, status?: DeliveryStatus): Promise<Delivery[]> {
    const { caller, name } = this.source;
    return process.deliveries.list(caller, name, { limit: 200, ...(status && { status }) });
  }

  async close(): Promise<void> {
    for (const close of this.closing.reverse()) await close();
  }
}

/** The steps of a call, in the order in which they came in. */
export function stepsOf(received: readonly { readonly body: string }[], callId: string): number[] {
  return received
    .map(({ body }) => (JSON.parse(body) as { data: { callId: string; step: number } }).data)
    .filter((data) => data.callId === callId)
    .map(({ step }) => step);
}

/** The data source, on which the answers to one statement arrive later. */
export function withAnswers(dataSource: DataSource, sql: string, later: () => Promise<void>): DataSource {
  return new Proxy(dataSource, {
    get(target, property) {
      if (property !== 'query') return Reflect.get(target, property) as unknown;
      return async (...given: Parameters<DataSource['query']>): Promise<unknown> => {
        const answer = await target.query<unknown>(...given);
        if (given[0] === sql) await later();
        return answer;
      };
    },
  });
}
