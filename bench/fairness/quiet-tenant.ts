import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebhookReceiver } from '../../test/support/webhook-receiver.js';
import type { BenchWorld } from '../sessions/bench-world.js';
import type { MeasuredProduct, Tenant } from '../sessions/measured-product.js';

const FIRST_CALLEE = 491_540_000_000;
const SLOW_PATH = '/slow';
const SLOW_ANSWER_MS = 8_000;
const RING_SECONDS = 2;
const REQUESTS_PER_SECOND = 10;
/** One request in this many is a call. */
const CALL_EVERY = 10;
const REQUEST_TIMEOUT_MS = 30_000;
/** After the last request: its ring, and an event of it that is too late. */
const TAIL_MS = (RING_SECONDS + 8) * 1000;

/** What one tenant saw of the product for a while. */
export interface Seen {
  /** From each request to its whole answer, on a connection of its own. */
  readonly requestMs: readonly number[];
  /** The same of the liveness probe. */
  readonly probeMs: readonly number[];
  /** Requests without the answer that they should have had, by what came instead. */
  readonly failures: Readonly<Record<string, number>>;
  /** From an event to its delivery. */
  readonly eventLateMs: readonly number[];
  /** Calls whose last event never came. */
  readonly lostEvents: number;
  /** How much longer or shorter than asked for phones rang. */
  readonly ringLateMs: readonly number[];
  readonly calls: number;
}

/** A tenant that does little: some requests and a call each second, and a webhook that answers at once. */
export class QuietTenant {
  private constructor(
    private readonly world: BenchWorld,
    private readonly product: MeasuredProduct,
    private readonly tenant: Tenant,
    private readonly receiver: WebhookReceiver,
  ) {}

  /** @param tenant with open sessions */
  static async create(world: BenchWorld, product: MeasuredProduct, tenant: Tenant): Promise<QuietTenant> {
    const receiver = await WebhookReceiver.start(({ path }) =>
      path.startsWith(SLOW_PATH) ? { status: 204, afterMs: SLOW_ANSWER_MS } : 200,
    );
    const { instances, instanceTokens } = tenant;
    await world.simulator.ask('addCallees', { first: FIRST_CALLEE, count: instances.length, silent: false });
    const quiet = new QuietTenant(world, product, tenant, receiver);
    for (const [index, name] of instances.entries()) {
      const webhook = { label: 'default', enabled: true, url: receiver.url, events: ['call.update'] };
      await product.request('POST', `/api/events/webhook/${name}`, instanceTokens[index] ?? '', webhook);
      await quiet.call(index);
    }
    await sleep(TAIL_MS / 2);
    return quiet;
  }

  /** Accepts everything after eight seconds, on the server that also takes the events of the quiet tenant at once. */
  get slowReceiver(): string {
    return new URL(SLOW_PATH, this.receiver.url).href;
  }

  close(): Promise<void> {
    return this.receiver.close();
  }

  /** Requests at a steady rate, whatever their answers do. */
  async watch(seconds: number): Promise<Seen> {
    const sinceMs = Date.now();
    const before = this.receiver.received.length;
    const startedMs = performance.now();
    const answers: Promise<Answered>[] = [];
    const probes: Promise<Answered>[] = [];
    for (let index = 0; index < seconds * REQUESTS_PER_SECOND; index += 1) {
      const waitMs = startedMs + (index * 1000) / REQUESTS_PER_SECOND - performance.now();
      if (waitMs > 1) await sleep(waitMs);
      answers.push(this.send(index));
      if (index % REQUESTS_PER_SECOND === 0) probes.push(this.exchange('GET', '/health/live', ''));
    }
    const answered = await Promise.all(answers);
    const probed = await Promise.all(probes);
    const callIds = answered.flatMap(({ callId }) => (callId === undefined ? [] : [callId]));
    const ended = () => new Set(this.eventsSince(before).flatMap(({ endOf }) => (endOf ? [endOf] : [])));
    const deadlineMs = performance.now() + TAIL_MS;
    while (callIds.some((id) => !ended().has(id)) && performance.now() < deadlineMs) await sleep(100);
    const endedCalls = ended();
    const { driftMs } = await this.world.simulator.ask('calls', {
      sinceMs,
      ringSeconds: RING_SECONDS,
      callees: { first: FIRST_CALLEE, count: this.tenant.instances.length },
    });
    const failures: Record<string, number> = {};
    for (const { failure } of [...answered, ...probed])
      if (failure !== undefined) failures[failure] = (failures[failure] ?? 0) + 1;
    return {
      requestMs: answered.map(({ ms }) => ms),
      probeMs: probed.map(({ ms }) => ms),
      failures,
      eventLateMs: this.eventsSince(before).map(({ lateMs }) => lateMs),
      lostEvents: callIds.filter((id) => !endedCalls.has(id)).length,
      ringLateMs: driftMs,
      calls: callIds.length,
    };
  }

  private eventsSince(first: number): { lateMs: number; endOf: string | undefined }[] {
    const mine = this.receiver.received.slice(first).filter(({ path }) => !path.startsWith(SLOW_PATH));
    return mine.map(({ body, atMs }) => {
      const { timestamp, data } = JSON.parse(body) as {
        timestamp: string;
        data: { state: string; callId: string };
      };
      return {
        lateMs: performance.timeOrigin + atMs - Date.parse(timestamp),
        endOf: data.state === 'terminated' ? data.callId : undefined,
      };
    });
  }

  private send(index: number): Promise<Answered> {
    const { instances, instanceTokens } = this.tenant;
    const at = index % instances.length;
    const name = instances[at] ?? '';
    const token = instanceTokens[at] ?? '';
    if (index % CALL_EVERY === 0) return this.call(at);
    const reads = [
      `/api/instance/list?instanceName=${name}`,
      `/api/call/list/${name}?limit=20`,
      `/api/call/list/${name}?outcome=completed&limit=20`,
      `/api/instance/getSettings/${name}`,
    ];
    return this.exchange('GET', reads[index % reads.length] ?? '', token);
  }

  private call(index: number): Promise<Answered> {
    const { instances, instanceTokens } = this.tenant;
    const body = { number: String(FIRST_CALLEE + index), duration: RING_SECONDS };
    return this.exchange(
      'POST',
      `/api/call/fake/${instances[index] ?? ''}`,
      instanceTokens[index] ?? '',
      body,
    );
  }

  /** On a new connection, because that is what a newcomer has. */
  private exchange(method: string, route: string, token: string, body?: unknown): Promise<Answered> {
    const startedMs = performance.now();
    const took = (): number => performance.now() - startedMs;
    return new Promise((resolve) => {
      const outgoing = request(
        this.product.url + route,
        { method, agent: false, timeout: REQUEST_TIMEOUT_MS, headers: token === '' ? {} : { token } },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (part: string) => (text += part));
          response.on('end', () => {
            const status = response.statusCode ?? 0;
            const { callId } = status === 200 ? (JSON.parse(text) as { callId?: string }) : {};
            const failure = status === 200 ? undefined : `${method} ${route.split('/')[3] ?? ''} ${status}`;
            resolve({ ms: took(), failure, callId: method === 'POST' ? callId : undefined });
          });
          response.on('error', (error) => resolve({ ms: took(), failure: error.message, callId: undefined }));
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer')));
      outgoing.on('error', (error) => resolve({ ms: took(), failure: error.message, callId: undefined }));
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

interface Answered {
  readonly ms: number;
  readonly failure: string | undefined;
  readonly callId: string | undefined;
}
