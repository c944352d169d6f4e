import { createHash } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { callUpdate, EventProcess, newEventSource, until } from '../storage/events-stage.js';
import { WebhookReceiver, type ReceiverAnswer } from './webhook-receiver.js';

export interface ChaosOptions {
  /** Events in all; every call has five. */
  readonly events: number;
  /** The same seed fails the same tries. */
  readonly seed: number;
  /** Share of tries that fail, 0–1. */
  readonly failing: number;
  /** How often the delivering process is replaced meanwhile. */
  readonly restarts: number;
  readonly onProgress?: (delivered: number) => void;
}

export interface ChaosReport {
  readonly events: number;
  readonly tries: number;
  readonly failedTries: number;
  readonly lost: number;
  readonly outOfOrder: number;
  readonly repeated: number;
  readonly leftOver: number;
  readonly seconds: number;
}

const STEPS = 5;
const BATCH = 50;

/** Sends events to a receiver that fails again and again while processes come and go, and counts what did not arrive as promised. */
export async function runWebhookChaos(dataSource: DataSource, options: ChaosOptions): Promise<ChaosReport> {
  const tries = new Map<string, number>();
  const receiver = await WebhookReceiver.start(({ body }) => {
    const { callId, step } = eventIn(body);
    const key = `${callId} ${step}`;
    const attempt = (tries.get(key) ?? 0) + 1;
    tries.set(key, attempt);
    return verdict(`${options.seed} ${key} ${attempt}`, options.failing);
  });
  const source = await newEventSource(dataSource);
  // A chance of 0.2 ** 21 to be given up by bad luck.
  const start = () => new EventProcess(dataSource, { retrySeconds: new Array<number>(20).fill(0) }).start();
  let process = start();
  const startedMs = performance.now();
  try {
    const change = { label: 'default', enabled: true, url: receiver.url };
    await process.webhooks.change(source.caller, source.name, change);
    const batches = Math.ceil(options.events / BATCH);
    const restartEvery = Math.ceil(batches / (options.restarts + 1));
    for (let batch = 0; batch < batches; batch += 1) {
      if (batch > 0 && batch % restartEvery === 0) {
        await process.stop();
        process = start();
      }
      const count = Math.min(BATCH, options.events - batch * BATCH);
      const events = Array.from({ length: count }, (_, index) =>
        eventOf(source.instanceId, batch * BATCH + index),
      );
      // Each is a change of its own, of another call.
      await Promise.all(events.map((event) => process.emit(event)));
      options.onProgress?.(receiver.accepted.length);
    }
    await until(
      async () => {
        options.onProgress?.(receiver.accepted.length);
        return (await pending(dataSource)) === 0;
      },
      'everything is settled',
      Math.max(60_000, options.events * 60),
    );
    return report(
      receiver,
      options.events,
      await pending(dataSource),
      (performance.now() - startedMs) / 1000,
    );
  } finally {
    await process.stop();
    await receiver.close();
  }
}

/** Steps of one call come in different batches. */
function eventOf(instanceId: string, index: number) {
  const block = BATCH * STEPS;
  const inBlock = index % block;
  const call = Math.floor(index / block) * BATCH + (inBlock % BATCH);
  return callUpdate(instanceId, `call${call}`, Math.floor(inBlock / BATCH) + 1);
}

function verdict(of: string, failing: number): ReceiverAnswer {
  const hash = createHash('sha256').update(of).digest();
  if (hash.readUInt32BE(0) / 2 ** 32 >= failing) return 200;
  return hash.readUInt8(4) % 3 === 0 ? 'reset' : 500;
}

function eventIn(body: string): { callId: string; step: number } {
  return (JSON.parse(body) as { data: { callId: string; step: number } }).data;
}

async function pending(dataSource: DataSource): Promise<number> {
  const [row] = await dataSource.query<{ left: number }[]>(
    `SELECT ((SELECT count(*) FROM webhook_lanes) +
       (SELECT count(*) FROM webhook_deliveries WHERE status <> 'delivered'))::integer AS left`,
  );
  return row?.left ?? 0;
}

function report(receiver: WebhookReceiver, events: number, leftOver: number, seconds: number): ChaosReport {
  const seen = new Map<string, number>();
  let outOfOrder = 0;
  let repeated = 0;
  for (const { body } of receiver.accepted) {
    const { callId, step } = eventIn(body);
    const last = seen.get(callId) ?? 0;
    if (step === last + 1) seen.set(callId, step);
    else if (step <= last) repeated += 1;
    else outOfOrder += 1;
  }
  const arrived = [...seen.values()].reduce((sum, steps) => sum + steps, 0);
  const tries = receiver.received.length;
  return {
    events,
    tries,
    failedTries: tries - receiver.accepted.length,
    lost: events - arrived,
    outOfOrder,
    repeated,
    leftOver,
    seconds: Math.round(seconds * 10) / 10,
  };
}
