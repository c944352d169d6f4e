import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { failure, failureOf } from '../support/failure.js';
import { createDatabase, runSql } from '../support/postgres.js';
import { spawnProduct, type SpawnedProduct } from '../support/spawn-product.js';
import { Stage } from '../support/stage.js';
import { WebhookReceiver, type ReceiverAnswer } from '../support/webhook-receiver.js';

const CALLER = '5511988880901';
const CALLEE = '5511999990901';
const CALLS = 60;
const STEPS = [1, 2, 3, 4, 5];
/** What one process sends to one webhook at the same time. */
const PLACES = 16;

/** Products on one database, started at once while it is empty. */
class Processes {
  private constructor(
    readonly databaseUrl: string,
    readonly all: SpawnedProduct[],
    readonly token: string,
  ) {}

  static async start(count: number, more: Record<string, string> = {}): Promise<Processes> {
    const databaseUrl = await createDatabase(process.env['TEST_DATABASE_URL'] ?? '');
    const env = {
      DATABASE_URL: databaseUrl,
      // Nobody listens there: what is tested here needs the database only.
      NATS_URL: 'nats://127.0.0.1:1',
      ENCRYPTION_KEY: randomBytes(32).toString('hex'),
      ...more,
    };
    const all = await Promise.all(Array.from({ length: count }, () => spawnProduct({ env })));
    const token = all.map(({ accountToken }) => accountToken).find((shown) => shown !== '') ?? '';
    return new Processes(databaseUrl, all, token);
  }

  async request(at: number, route: string, body?: unknown, token = this.token): Promise<Response> {
    const product = this.all[at];
    if (!product) throw new Error(`there is no process ${at}`);
    return fetch(product.url + route, {
      headers: { ...(token !== '' && { token }) },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    });
  }

  /** The answers of all of them, one after another. */
  async statuses(route: string, token = this.token): Promise<number[]> {
    const statuses: number[] = [];
    for (const at of this.all.keys()) statuses.push((await this.request(at, route, undefined, token)).status);
    return statuses;
  }

  select(sql: string): Promise<unknown> {
    return runSql(this.databaseUrl, sql);
  }

  stop(): Promise<(number | null)[]> {
    return Promise.all(this.all.map((product) => product.stop()));
  }
}

describe('three processes that were started at once on an empty database', () => {
  let processes: Processes;
  let receiver: WebhookReceiver;
  let answer: ReceiverAnswer = 200;
  let instanceToken = '';

  beforeAll(async () => {
    receiver = await WebhookReceiver.start(() => answer);
    processes = await Processes.start(3, {
      RATE_LIMIT_PER_TOKEN: '1000000',
      RATE_LIMIT_PER_ACCOUNT: '1000000',
      WEBHOOK_ALLOW_PRIVATE: 'true',
      WEBHOOK_RETRY_SECONDS: '0,0,0,0',
    });
    const made = await processes.request(0, '/api/instance/new', { name: 'shop' });
    ({ token: instanceToken } = ((await made.json()) as { instance: { token: string } }).instance);
    const hook = { label: 'default', enabled: true, url: receiver.url };
    expect((await processes.request(1, '/api/events/webhook/shop', hook)).status).toBe(200);
  }, 90_000);

  beforeEach(() => receiver.received.splice(0));

  afterAll(async () => {
    await processes.stop();
    await receiver.close();
  });

  /** As calls do: each step of a call is stored after the step before it. */
  const storeEvents = () =>
    processes.select(
      `WITH queued AS (
         INSERT INTO webhook_deliveries (event_id, webhook_id, instance_id, lane, event, body)
         SELECT gen_random_uuid(), webhooks.id, instance_id, 'call:' || call, 'call.update',
           json_build_object('data', json_build_object('callId', call, 'step', step))
         FROM webhooks, generate_series(1, ${STEPS.length}) step, generate_series(1, ${CALLS}) call
         ORDER BY step, call
         RETURNING webhook_id, lane
       )
       INSERT INTO webhook_lanes (webhook_id, lane) SELECT DISTINCT webhook_id, lane FROM queued ORDER BY webhook_id, lane`,
    );
  const untilDelivered = (timeoutMs?: number) =>
    until(
      async () => (await processes.select('SELECT count(*)::integer FROM webhook_lanes')) === 0,
      'all is delivered',
      timeoutMs,
    );
  const stepsOfCalls = (received: readonly { readonly body: string }[]) => {
    const steps: Record<number, number[]> = {};
    for (const { body } of received) {
      const { data } = JSON.parse(body) as { data: { callId: number; step: number } };
      (steps[data.callId] ??= []).push(data.step);
    }
    return Object.values(steps);
  };
  const ALL_IN_ORDER = Array.from({ length: CALLS }, () => STEPS);

  it('make the schema once, and one of them the first account', async () => {
    expect(processes.all.filter(({ accountToken }) => accountToken !== '')).toHaveLength(1);
    expect(await processes.select('SELECT count(*)::integer FROM accounts')).toBe(1);
    expect(await processes.select('SELECT count(*) = count(DISTINCT name) FROM typeorm_migrations')).toBe(
      true,
    );
    expect(await processes.statuses('/api/instance/list')).toEqual([200, 200, 200]);
  });

  it('all refuse a token that one of them has replaced, after a second at the latest', async () => {
    const route = '/api/call/list/shop';
    expect(await processes.statuses(route, instanceToken)).toEqual([200, 200, 200]);
    expect((await processes.request(0, '/api/instance/rotateToken/shop', {})).status).toBe(200);
    await sleep(1000);
    expect(await processes.statuses(route, instanceToken)).toEqual([401, 401, 401]);
  });

  it('deliver events together: each once, in the order of its call, and none is lost', async () => {
    await storeEvents();
    await untilDelivered();
    expect(receiver.received).toHaveLength(CALLS * STEPS.length);
    expect(stepsOfCalls(receiver.received)).toEqual(ALL_IN_ORDER);
  });

  it('deliver what two of them had begun when they were killed', async () => {
    answer = 'hang';
    await storeEvents();
    await until(() => receiver.received.length > 2 * PLACES, 'all three are delivering');
    await Promise.all(processes.all.splice(0, 2).map((product) => product.kill()));
    answer = 200;
    await untilDelivered(60_000);
    expect(stepsOfCalls(receiver.accepted)).toEqual(ALL_IN_ORDER);
  }, 90_000);
});

describe('two processes on one database without NATS_URL', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ WHATSAPP_WEB_VERSION_REFRESH: 'false' });
  });

  afterAll(() => stage.close());

  it('do not work beside each other: the younger takes over, and the older ends with an error that says why', async () => {
    const older = stage.product;
    stage.simulator.addContact({ number: CALLEE });
    await stage.linkedInstance('shop', CALLER);
    const { body } = await stage.call('shop', { number: CALLEE, duration: 8 });
    const callId = String(body.callId);
    await stage.simulator.waitForCall((call) => call.callId === callId);

    const younger = await stage.startAnother();
    expect(await older.ended()).toBe(1);

    expect(older.stderr()).toMatch(/^Another Ringdrop was started on this database.* NATS_URL for both\.\n$/);
    const errors = older.stdout().match(/^\{"level":"error".*$/gm);
    expect(errors).toEqual([expect.stringContaining('another process works on the database')]);
    // What rings goes on and is hung up in time.
    stage.product = younger;
    await stage.untilStatus('shop', 'connected');
    expect(await stage.endedCall('shop', callId)).toMatchObject({ outcome: 'completed' });

    expect(await younger.stop()).toBe(0);
    await stage.restart();
    await stage.untilStatus('shop', 'connected');
    expect(stage.simulator.violations).toEqual([]);
  }, 90_000);
});

describe('the rate limits of two processes', () => {
  let processes: Processes;

  beforeAll(async () => {
    processes = await Processes.start(2, { RATE_LIMIT_PER_TOKEN: '4', RATE_LIMIT_PER_ADDRESS: '4' });
  }, 60_000);

  afterAll(() => processes.stop());

  it.each([
    ['token', 200, () => processes.token],
    ['address', 401, () => ''],
  ])('are one budget for each %s', async (_whose, allowed, tokenOf) => {
    const ask = (at: number) => processes.request(at, '/api/instance/list', undefined, tokenOf());
    const answers = [await ask(0), await ask(1), await ask(0), await ask(1)];
    expect(answers.map((one) => [one.status, one.headers.get('x-ratelimit-remaining')])).toEqual(
      ['3', '2', '1', '0'].map((left) => [allowed, left]),
    );
    const { status, code, body } = failure(429, 'rate_limited', 'Rate limit exceeded. Try again later.');
    for (const refused of [await ask(0), await ask(1)]) {
      const answer = { status: refused.status, headers: refused.headers, body: await parsed(refused) };
      expect(failureOf(answer)).toMatchObject({ status, code, body });
    }
  });
});

async function parsed(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

async function until(
  condition: () => Promise<boolean> | boolean,
  what: string,
  timeoutMs = 20_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(50);
  }
}
