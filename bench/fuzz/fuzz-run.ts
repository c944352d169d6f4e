import fc from 'fast-check';
import type { Stage } from '../../test/support/stage.js';
import { ApiDocument } from './api-document.js';
import type { FuzzRequest } from './fuzz-request.js';
import { FuzzWorld } from './fuzz-world.js';
import { HttpClient } from './http-client.js';
import { problemsOf } from './judge.js';
import { requestArbitrary } from './request-arbitrary.js';

const BATCH = 500;
const CONNECTIONS = 16;
const SHOWN_BODY = 200;
/** Sentences of the product's log that no request may bring about. */
const ALARMS = [
  'A request failed unexpectedly',
  'A rejected promise was left alone',
  'An exception was not caught',
];

export interface FuzzOptions {
  readonly requests: number;
  /** The first batch of 500 requests is made from it, each further one from the next number. */
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface FuzzReport {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly statusCounts: Readonly<Record<string, number>>;
  /** Operations of the document that were answered with a success at least once. */
  readonly operationsReached: number;
  readonly operations: number;
  readonly violations: readonly string[];
}

/** Sends requests that are nearly right, and judges every answer. */
export class FuzzRun {
  private readonly statusCounts: Record<string, number> = {};
  private readonly reached = new Set<unknown>();
  private readonly violations: string[] = [];
  private heardLength = 0;

  private constructor(
    private readonly stage: Stage,
    private readonly document: ApiDocument,
    private readonly world: FuzzWorld,
    private readonly client: HttpClient,
  ) {}

  static async on(stage: Stage, options: FuzzOptions): Promise<FuzzReport> {
    const document = new ApiDocument((await stage.get('/docs/openapi.json')).body);
    const client = new HttpClient(new URL(stage.product.url), CONNECTIONS);
    try {
      return await new FuzzRun(stage, document, await FuzzWorld.create(stage), client).run(options);
    } finally {
      client.close();
    }
  }

  private async run({ requests, seed, say }: FuzzOptions): Promise<FuzzReport> {
    const arbitrary = requestArbitrary(this.document);
    const startedAtMs = performance.now();
    for (
      let done = 0, batch = 0;
      done < requests && this.violations.length < 100;
      done += BATCH, batch += 1
    ) {
      const batchSeed = seed + batch;
      const numRuns = Math.min(BATCH, requests - done);
      const made = fc.sample(arbitrary, { seed: batchSeed, numRuns });
      const before = this.violations.length;
      await this.sendAll(made, batchSeed);
      this.listenToTheLog(batchSeed);
      await this.world.restore();
      const found = this.violations.length - before;
      if (batch % 20 === 0 || found > 0) {
        say(`seed ${batchSeed}: ${done + numRuns} of ${requests} requests, ${found} violations`);
      }
    }
    const seconds = (performance.now() - startedAtMs) / 1000;
    const { status } = await this.stage.get('/health');
    if (status !== 200) this.violations.push(`the product is not well afterwards: ${status}`);
    return this.report(seconds);
  }

  private report(seconds: number): FuzzReport {
    const requests = Object.values(this.statusCounts).reduce((sum, count) => sum + count, 0);
    return {
      requests,
      requestsPerSecond: Math.round(requests / seconds),
      statusCounts: this.statusCounts,
      operationsReached: this.reached.size,
      operations: this.document.operations.length,
      violations: this.violations,
    };
  }

  private async sendAll(requests: readonly FuzzRequest[], seed: number): Promise<void> {
    const left = requests.entries();
    const work = async () => {
      for (const [index, request] of left) await this.send(request, `--seed ${seed}, request ${index}`);
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));
  }

  private async send(request: FuzzRequest, place: string): Promise<void> {
    try {
      const answer = await this.client.exchange(request, this.world.tokenOf(request.sender));
      this.statusCounts[answer.status] = (this.statusCounts[answer.status] ?? 0) + 1;
      const problems = problemsOf(this.document, request, answer);
      if (problems.length > 0) this.violations.push(`${place}: ${problems.join(', ')}: ${shown(request)}`);
      if (answer.status < 300) {
        this.reached.add(this.document.operationAt(request.method, request.target.split('?')[0] ?? ''));
        this.reached.delete(undefined);
      }
    } catch (error) {
      this.statusCounts['none'] = (this.statusCounts['none'] ?? 0) + 1;
      this.violations.push(`${place}: no answer, ${String(error)}: ${shown(request)}`);
    }
  }

  private listenToTheLog(seed: number): void {
    const whole = this.stage.product.stdout();
    const log = whole.slice(this.heardLength);
    this.heardLength = whole.length;
    for (const alarm of ALARMS) {
      const line = log.split('\n').find((one) => one.includes(alarm));
      if (line !== undefined) this.violations.push(`--seed ${seed}: the log says: ${line.slice(0, 1000)}`);
    }
  }
}

function shown({ method, target, sender, headers, body = '' }: FuzzRequest): string {
  const shownBody = body.toString('latin1').slice(0, SHOWN_BODY);
  return `${method} ${target.slice(0, SHOWN_BODY)} as ${sender}, ${JSON.stringify(headers).slice(0, SHOWN_BODY)}, ${shownBody}`;
}
