/**
 * Events per second to several receivers, how long an event waits for its first try, and both again while one more receiver
 * hangs. Progress first; the last line is the result as JSON.
 *
 *   node dist-tools/bench/webhooks.js --events 2000 --receivers 4 --rate 100
 */
import type { DataSource } from 'typeorm';
import { callUpdate, EventProcess, newEventSource, until } from '../test/storage/events-stage.js';
import { WebhookReceiver } from '../test/support/webhook-receiver.js';
import { numbersFromArguments } from './support/arguments.js';
import { withScratchDatabase } from './support/scratch-database.js';
import { quantile } from './support/statistics.js';

interface Target {
  readonly instanceId: string;
  readonly receiver: WebhookReceiver;
}

interface Measured {
  readonly eventsPerSecond: number;
  readonly firstAttemptMs: readonly number[];
}

/** Delays are measured below saturation, where they tell about the product and not about the length of the queue. */
const { events, receivers, rate } = numbersFromArguments({ events: 2000, receivers: 4, rate: 100 });
const STEPS_PER_CALL = 5;
const EMITTERS = 8;

/** Calls of different runs are different calls. */
let run = 0;

const result = await withScratchDatabase(async (dataSource) => {
  const process = new EventProcess(dataSource).start();
  const targets = await Promise.all(Array.from({ length: receivers }, () => newTarget(dataSource, process)));
  console.log(`warm-up: ${events / 4} events`);
  await burst(process, targets, Math.ceil(events / 4));
  console.log(`${events} events to ${receivers} receivers`);
  const alone = await measure(process, targets);
  console.log(`${events} events to ${receivers} receivers, and as many for each to one that hangs`);
  const hanging = await newTarget(dataSource, process, true);
  const withHanging = await measure(process, targets, hanging);
  for (const { receiver } of [...targets, hanging]) await receiver.close();
  await process.stop();
  return { alone, withHanging };
});

const { alone, withHanging } = result;
const throughputRatio = withHanging.eventsPerSecond / alone.eventsPerSecond;
const p99 = quantile(alone.firstAttemptMs, 0.99);
const hangingP99 = quantile(withHanging.firstAttemptMs, 0.99);
const ok = throughputRatio > 0.6 && hangingP99 < Math.max(3 * p99, 250);
console.log(
  JSON.stringify({
    events,
    receivers,
    rate,
    events_per_second: round(alone.eventsPerSecond),
    first_attempt_p50_ms: round(quantile(alone.firstAttemptMs, 0.5)),
    first_attempt_p99_ms: round(p99),
    hanging_events_per_second: round(withHanging.eventsPerSecond),
    hanging_first_attempt_p50_ms: round(quantile(withHanging.firstAttemptMs, 0.5)),
    hanging_first_attempt_p99_ms: round(hangingP99),
    throughput_ratio: round(throughputRatio),
    first_attempt_p99_ratio: round(hangingP99 / p99),
    ok,
  }),
);
process.exitCode = ok ? 0 : 1;

async function newTarget(dataSource: DataSource, process: EventProcess, hangs = false): Promise<Target> {
  const receiver = await WebhookReceiver.start(() => (hangs ? 'hang' : 200));
  const { caller, name, instanceId } = await newEventSource(dataSource);
  await process.webhooks.change(caller, name, { label: 'default', enabled: true, url: receiver.url });
  return { instanceId, receiver };
}

async function measure(
  process: EventProcess,
  targets: readonly Target[],
  hanging?: Target,
): Promise<Measured> {
  const startedMs = performance.now();
  await burst(process, targets, events, hanging);
  const eventsPerSecond = events / ((performance.now() - startedMs) / 1000);
  console.log(`burst: ${round(eventsPerSecond)} events a second; now ${rate} a second`);
  return { eventsPerSecond, firstAttemptMs: await steady(process, targets, Math.ceil(events / 2), hanging) };
}

/** Stores events as fast as the database takes them and waits until the receivers that work have them all. */
async function burst(
  process: EventProcess,
  targets: readonly Target[],
  count: number,
  hanging?: Target,
): Promise<void> {
  const before = received(targets);
  let next = 0;
  const emitter = async () => {
    for (let index = next++; index < count; index = next++) await emit(process, targets, index, hanging);
  };
  await Promise.all(Array.from({ length: EMITTERS }, emitter));
  await until(() => received(targets) === before + count, 'all are delivered', 120_000);
}

/** Stores events at a steady rate and tells for each how long it took to arrive, from the moment before it was stored. */
async function steady(
  process: EventProcess,
  targets: readonly Target[],
  count: number,
  hanging?: Target,
): Promise<number[]> {
  const before = targets.map(({ receiver }) => receiver.received.length);
  const startedMs = performance.now();
  const emitting: Promise<void>[] = [];
  for (let index = 0; index < count; index += 1) {
    const waitMs = startedMs + (index * 1000) / rate - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    emitting.push(emit(process, targets, index, hanging));
  }
  await Promise.all(emitting);
  const arrived = () => received(targets) - before.reduce((sum, one) => sum + one, 0);
  await until(() => arrived() === count, 'all are delivered', 120_000);
  return targets.flatMap(({ receiver }, index) =>
    receiver.received.slice(before[index]).map(({ body, atMs }) => {
      const { data } = JSON.parse(body) as { data: { storedAtMs: number } };
      return atMs - data.storedAtMs;
    }),
  );
}

async function emit(
  process: EventProcess,
  targets: readonly Target[],
  index: number,
  hanging: Target | undefined,
): Promise<void> {
  const target = targets[index % targets.length];
  if (!target) throw new TypeError('--receivers must be 1 or more');
  if (index === 0) run += 1;
  const call = `${run}-${index % targets.length}-${Math.floor(index / targets.length / STEPS_PER_CALL)}`;
  for (const { instanceId } of hanging && index % targets.length === 0 ? [target, hanging] : [target]) {
    const event = callUpdate(instanceId, call, index);
    await process.emit({ ...event, data: { ...event.data, storedAtMs: performance.now() } });
  }
}

function received(targets: readonly Target[]): number {
  return targets.reduce((sum, { receiver }) => sum + receiver.received.length, 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
