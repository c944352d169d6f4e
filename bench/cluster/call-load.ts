import { setTimeout as sleep } from 'node:timers/promises';
import type { CalleeBehaviour, WhatsAppSimulator } from '../../test/simulator/index.js';
import type { SeededRandom } from '../support/seeded-random.js';
import type { ClusterStage } from './cluster-stage.js';

/** One try of a request. Without a status no answer came in time. */
export interface Try {
  readonly at: number;
  readonly node: string;
  readonly tookMs: number;
  readonly status?: number;
  readonly code?: string | null;
  readonly retryAfter?: string | null;
  readonly callId?: string;
}

/** A call that a client wants; under a key it is asked for until there is an answer that stays. */
export interface CallRequest {
  readonly instance: string;
  readonly number: string;
  readonly durationSeconds: number;
  readonly key: string | undefined;
  readonly startedAt: number;
  readonly tries: Try[];
}

const RINGS: CalleeBehaviour = { kind: 'rings' };
const BEHAVIOURS: readonly CalleeBehaviour[] = [
  ...Array.from({ length: 8 }, () => RINGS),
  { kind: 'rejects', reason: 'busy', ringsFirst: true, afterMs: 900 },
  { kind: 'accepts', afterMs: 1200 },
  { kind: 'hangs-up', afterMs: 1000 },
  { kind: 'receipt' },
];
const CALLEES = 180;
const FIRST_CALLEE = 491590000000;
/** So that every ring belongs to one request. */
const REST_MS = 30_000;
const CLIENT_PATIENCE_MS = 8000;
const REPEAT_LIMIT_MS = 60_000;
const BETWEEN_REPEATS_MS = 500;
/** Answers that a repetition may change. */
const PASSING = new Set(['idempotency_in_progress', 'too_many_calls']);

/** Clients that place calls through random nodes, all the time. */
export class CallLoad {
  readonly requests: CallRequest[] = [];
  private readonly rested: string[];
  private readonly open = new Set<Promise<void>>();
  private stopped = false;
  private placing: Promise<void> = Promise.resolve();

  constructor(
    private readonly stage: ClusterStage,
    private readonly instances: readonly string[],
    private readonly random: SeededRandom,
    private readonly seed: number,
  ) {
    this.rested = addCallees(stage.simulator);
  }

  start(): void {
    this.placing = this.place();
  }

  /** Resolves when every client has its answer, or has given up. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.placing;
    while (this.open.size > 0) await Promise.all(this.open);
  }

  /** One call by each instance, while nothing is wrong. Returns those that did not get through. */
  async placeOneEach(): Promise<CallRequest[]> {
    const last = this.instances.map((instance) => this.wanted(instance, true));
    await Promise.all(last.map((request) => this.ask(request)));
    return last.filter(({ tries }) => tries.at(-1)?.status !== 200);
  }

  private async place(): Promise<void> {
    while (!this.stopped) {
      await sleep(this.random.integer(150, 700));
      if (this.rested.length === 0) continue;
      const request = this.wanted(this.random.pick(this.instances), this.random.chance(0.6));
      const asking = this.ask(request).finally(() => this.open.delete(asking));
      this.open.add(asking);
    }
  }

  private wanted(instance: string, hasKey: boolean): CallRequest {
    const number = this.rested.shift();
    if (number === undefined) throw new RangeError('All callees are busy');
    const request: CallRequest = {
      instance,
      number,
      durationSeconds: this.random.integer(2, 6),
      key: hasKey ? `seed-${this.seed}-${this.requests.length}` : undefined,
      startedAt: Date.now(),
      tries: [],
    };
    this.requests.push(request);
    return request;
  }

  private async ask(request: CallRequest): Promise<void> {
    const deadline = request.startedAt + REPEAT_LIMIT_MS;
    for (;;) {
      const answer = await this.askOnce(request);
      request.tries.push(answer);
      const isFinal = answer.status !== undefined && answer.status !== 503 && !PASSING.has(answer.code ?? '');
      if (isFinal || request.key === undefined || Date.now() > deadline) break;
      await sleep(BETWEEN_REPEATS_MS);
    }
    setTimeout(() => this.rested.push(request.number), REST_MS).unref();
  }

  private async askOnce({ instance, number, durationSeconds, key }: CallRequest): Promise<Try> {
    const node = this.random.pick(this.stage.nodes);
    const at = Date.now();
    const asked = { at, node: node.tag };
    try {
      const { status, headers, body } = await this.stage.ask(node, `/api/call/fake/${instance}`, {
        method: 'POST',
        body: { number, duration: durationSeconds },
        headers: key === undefined ? {} : { 'Idempotency-Key': key },
        timeoutMs: CLIENT_PATIENCE_MS,
      });
      const callId = typeof body.callId === 'string' ? { callId: body.callId } : {};
      const code = headers.get('x-error-code');
      return {
        ...asked,
        tookMs: Date.now() - at,
        status,
        code,
        retryAfter: headers.get('retry-after'),
        ...callId,
      };
    } catch {
      return { ...asked, tookMs: Date.now() - at };
    }
  }
}

/** Returns their numbers. Most let it ring, because that is what a crash leaves behind. */
function addCallees(simulator: WhatsAppSimulator): string[] {
  return Array.from({ length: CALLEES }, (_, index) => {
    const number = String(FIRST_CALLEE + index);
    const behaviour = BEHAVIOURS[index % BEHAVIOURS.length] ?? RINGS;
    simulator.addContact({ number, devices: index % 3 === 0 ? [0, 12] : [0], behaviour });
    return number;
  });
}
