import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { WhatsAppSimulator, type ContactOptions } from '../simulator/index.js';
import { createDatabase } from './postgres.js';
import { redirectionTo } from './redirection.js';
import { SecretWatch } from './secret-watch.js';
import { spawnProduct, type SpawnedProduct } from './spawn-product.js';

const PRELOAD = path.resolve('test/support/redirect-whatsapp.mjs');
/** Each look may be a request: looking more often would slow down what is looked at. */
const POLL_MS = 50;
const METRICS_TIMEOUT_MS = 2000;

let lastNumber = 491600000000;

/** An answer of the product, its body parsed when it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface RequestOptions {
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/**
 * The built product in a process of its own, real Baileys inside, on a database of its own, and the simulator that it
 * takes for WhatsApp. Rate limits are out of the way unless a test sets them.
 */
export class Stage {
  token = '';

  private constructor(
    readonly simulator: WhatsAppSimulator,
    private readonly env: Record<string, string>,
    public product: SpawnedProduct,
    private readonly watch: SecretWatch,
  ) {
    this.token = product.accountToken;
  }

  static async open(env: Record<string, string> = {}): Promise<Stage> {
    const adminUrl = process.env.TEST_DATABASE_URL;
    if (!adminUrl) throw new Error('TEST_DATABASE_URL is not set; run the tests through npm test');
    const simulator = await WhatsAppSimulator.start();
    const complete = {
      DATABASE_URL: await createDatabase(adminUrl),
      ENCRYPTION_KEY: randomBytes(32).toString('hex'),
      ADMIN_TOKEN: randomBytes(24).toString('hex'),
      RATE_LIMIT_PER_TOKEN: '1000000',
      RATE_LIMIT_PER_ACCOUNT: '1000000',
      RATE_LIMIT_INSTANCE_NEW: '1000000',
      RATE_LIMIT_PER_ADDRESS: '1000000',
      ...redirectionTo(simulator),
      ...env,
    };
    const watch = new SecretWatch();
    const product = await spawnProduct({ env: complete, imports: [PRELOAD], watch });
    return new Stage(simulator, complete, product, watch);
  }

  get adminToken(): string {
    return this.env.ADMIN_TOKEN ?? '';
  }

  get databaseUrl(): string {
    return this.env.DATABASE_URL ?? '';
  }

  /** Starts the product again on the same database, after `product.stop()` or `product.kill()`. */
  async restart(env: Record<string, string> = {}): Promise<void> {
    const { watch } = this;
    this.product = await spawnProduct({ env: { ...this.env, ...env }, imports: [PRELOAD], watch });
  }

  /** Starts the product once more, beside the one that runs, on the same database. */
  startAnother(env: Record<string, string> = {}): Promise<SpawnedProduct> {
    const { watch } = this;
    return spawnProduct({ env: { ...this.env, ...env }, imports: [PRELOAD], watch });
  }

  /** Like `startAnother`; what this returns sends its requests there. */
  async join(env: Record<string, string> = {}): Promise<Stage> {
    const another = await this.startAnother(env);
    const joined = new Stage(this.simulator, { ...this.env, ...env }, another, this.watch);
    joined.token = this.token;
    return joined;
  }

  /** Starts the product again and kills it after `afterMs`, wherever its start has got to by then. */
  async restartAndKill(afterMs: number): Promise<void> {
    const signal = AbortSignal.timeout(afterMs);
    try {
      const product = await spawnProduct({ env: this.env, imports: [PRELOAD], signal, watch: this.watch });
      await product.kill();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Rejects when the product has written a secret anywhere. */
  async close(): Promise<void> {
    await this.readMetrics();
    try {
      await this.product.stop();
    } finally {
      await this.simulator.close();
    }
  }

  /** Also after a test that has stopped the product, whose metrics nobody can read then. */
  private async readMetrics(): Promise<void> {
    const signal = AbortSignal.timeout(METRICS_TIMEOUT_MS);
    const { METRICS_TOKEN: token } = this.env;
    const metrics = await fetch(`${this.product.url}/metrics`, {
      signal,
      headers: { ...(token && { token }) },
    })
      .then((response) => response.text())
      .catch(() => '');
    this.watch.writeAnswer(metrics);
  }

  async request(method: string, route: string, options: RequestOptions = {}): Promise<Answer> {
    const { token = this.token, body, headers = {} } = options;
    const response = await fetch(this.product.url + route, {
      method,
      redirect: 'manual',
      headers: { ...(token && { token }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = { status: response.status, headers: response.headers, body: parse(text) };
    // The examples of the documentation are nobody's.
    if (!route.startsWith('/docs'))
      this.watch.learnBody([typeof body === 'string' ? parse(body) : body, answer.body, { token }]);
    if (answer.status >= 400) this.watch.writeAnswer(text + JSON.stringify([...response.headers]));
    return answer;
  }

  get(route: string, options?: RequestOptions): Promise<Answer> {
    return this.request('GET', route, options);
  }

  post(route: string, body?: unknown, options?: RequestOptions): Promise<Answer> {
    return this.request('POST', route, { ...options, body });
  }

  delete(route: string, options?: RequestOptions): Promise<Answer> {
    return this.request('DELETE', route, options);
  }

  async newInstance(
    name: string,
    fields: Record<string, unknown> = {},
  ): Promise<{ id: string; token: string }> {
    const { status, body } = await this.post('/api/instance/new', { name, ...fields });
    if (status !== 201) throw new Error(`the instance was not made: ${JSON.stringify(body)}`);
    const { id, token } = body.instance as { id: string; token: string };
    return { id, token };
  }

  /** Makes an instance, shows its QR to a phone of this number, and waits until it is connected. */
  async linkedInstance(name: string, number: string): Promise<void> {
    await this.newInstance(name);
    await this.link(name, number);
  }

  async link(name: string, number: string): Promise<void> {
    const { body } = await this.get(`/api/instance/connect/${name}`);
    const phone = this.simulator.addPhone({ number, name: 'Ana' });
    await phone.scanQr(String(body.qrCode));
    await this.untilStatus(name, 'connected');
  }

  /** A number that nobody has. */
  newNumber(): string {
    lastNumber += 1;
    return String(lastNumber);
  }

  /** Adds somebody with a new number, and returns it. */
  newContact(contact: Omit<ContactOptions, 'number'> = {}): string {
    const number = this.newNumber();
    this.simulator.addContact({ number, ...contact });
    return number;
  }

  async untilStatus(name: string, status: string, timeoutMs = 10_000): Promise<void> {
    await this.until(
      async () => (await this.instance(name)).status === status,
      `${name} is ${status}`,
      timeoutMs,
    );
  }

  async instance(name: string): Promise<Record<string, unknown>> {
    const body = await this.read(`/api/instance/list?instanceName=${name}`);
    const [instance] = body.instances as Record<string, unknown>[];
    if (!instance) throw new Error(`there is no instance ${name}`);
    return instance;
  }

  /** What is there, for a look at it: where the product asks for patience (503), as on a busy machine, it gets some. */
  private async read(route: string): Promise<Record<string, unknown>> {
    let answer = await this.get(route);
    await this.until(async () => {
      if (answer.status === 503) answer = await this.get(route);
      return answer.status !== 503;
    }, `${route} is answered`);
    return answer.body;
  }

  call(name: string, body: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Answer> {
    return this.post(`/api/call/fake/${name}`, body, { headers });
  }

  async callInfo(name: string, callId: string): Promise<Record<string, unknown>> {
    const body = await this.read(`/api/call/info/${name}?callId=${callId}`);
    return body.call as Record<string, unknown>;
  }

  /** The call once it has ended. */
  async endedCall(name: string, callId: string, timeoutMs = 15_000): Promise<Record<string, unknown>> {
    let call: Record<string, unknown> = {};
    await this.until(
      async () => {
        call = await this.callInfo(name, callId);
        return call.state === 'ended';
      },
      `call ${callId} has ended`,
      timeoutMs,
    );
    return call;
  }

  async until(condition: () => Promise<boolean> | boolean, what: string, timeoutMs = 10_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!(await condition())) {
      if (Date.now() > deadline) {
        throw new Error(`not within ${timeoutMs} ms: ${what}\n${this.product.complaints()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { text };
  }
}
