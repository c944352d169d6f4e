import WebSocket from 'ws';
import { once } from 'node:events';
import { PostgresProcesses } from '../support/postgres-processes.js';
import { startTestPostgres, type TestPostgres } from '../support/postgres.js';
import { Stage } from '../support/stage.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const CALLER = '491510000090';
const CALLEE = '491590000901';
/** Far below the 10 s after which Prometheus and most monitors give up, with room for a busy machine. */
const ANSWER_LIMIT_MS = 5_000;

const UUID = /^[0-9a-f-]{36}$/;
const REFUSED = '{method="GET",route="/api/instance/list",status="401"}';

type Line = Record<string, unknown>;

describe('what operators see', () => {
  let postgres: TestPostgres;
  let processes: PostgresProcesses;
  let stage: Stage;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    processes = await PostgresProcesses.of(postgres.url);
    receiver = await WebhookReceiver.start();
    stage = await Stage.open({
      DATABASE_URL: await postgres.createDatabase(),
      WEBHOOK_ALLOW_PRIVATE: 'true',
      LOG_LEVEL: 'debug',
    });
    await stage.linkedInstance('shop', CALLER);
    const webhook = { enabled: true, url: receiver.url };
    expect((await stage.post('/api/events/webhook/shop', webhook)).status).toBe(200);
    stage.simulator.addContact({ number: CALLEE, devices: [0] });
  });

  afterAll(async () => {
    processes.thaw();
    await stage.close();
    await receiver.close();
    await postgres.stop();
  });

  const lines = (): Line[] =>
    stage.product
      .stdout()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  const linesOf = (requestId: string) => lines().filter((line) => line.requestId === requestId);
  const requestLine = async (requestId: string): Promise<Line> => {
    const find = () => linesOf(requestId).find((line) => 'route' in line);
    await stage.until(() => find() !== undefined, 'the request is in the log');
    return find() ?? {};
  };
  const scrape = async () => String((await stage.get('/metrics', { token: '' })).body.text);
  /** The value of a sample, its name written as in the text format. */
  const sample = async (name: string): Promise<number> => {
    const line = (await scrape()).split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? NaN : Number(line.slice(name.length + 1));
  };
  const untilSample = (name: string, holds: (value: number) => boolean) =>
    stage.until(async () => holds(await sample(name)), name);

  it('is one line for each request: its template, never its path', async () => {
    const { status } = await stage.get('/api/call/list/shop?number=491590000901', {
      headers: { 'X-Request-Id': 'list-1' },
    });
    expect(status).toBe(200);
    expect(await requestLine('list-1')).toEqual({
      level: 'info',
      time: expect.any(String),
      msg: 'A request was answered',
      requestId: 'list-1',
      method: 'GET',
      route: '/api/call/list/:instance',
      status: 200,
      durationMs: expect.any(Number),
    });
    expect(linesOf('list-1')).toHaveLength(1);
    await stage.get('/secret-path', { headers: { 'X-Request-Id': 'nowhere-1' } });
    expect(await requestLine('nowhere-1')).toMatchObject({
      route: 'unmatched',
      status: 404,
      errorCode: 'route_not_found',
    });
    await stage.get('/health/live', { headers: { 'X-Request-Id': 'probe-1' } });
    expect(await requestLine('probe-1')).toMatchObject({ level: 'debug', route: '/health/live' });
    expect(stage.product.stdout()).not.toContain('secret-path');
  });

  it('is each state of an instance, without the QR code', () => {
    const made = lines().filter(
      ({ msg, level }) => msg === 'The state of an instance changed' && level === 'info',
    );
    expect(made.map(({ state }) => state)).toEqual(['connecting', 'qr_ready', 'pair_success', 'connected']);
    for (const line of made) {
      expect(line).toMatchObject({
        instance: 'shop',
        instanceId: expect.stringMatching(UUID),
        accountId: expect.stringMatching(UUID),
      });
      const allowed = ['level', 'time', 'msg', 'requestId', 'instance', 'instanceId', 'accountId', 'state'];
      expect(Object.keys(line).filter((key) => !allowed.includes(key))).toEqual([]);
    }
  });

  it('is who made, changed and deleted accounts and instances, once it is done', async () => {
    const asAdmin = (id: string) => ({ token: stage.adminToken, headers: { 'X-Request-Id': id } });
    const made = await stage.post('/api/account/new', { name: 'acme', instanceLimit: 2 }, asAdmin('audit-1'));
    const account = made.body.account as { id: string; token: string };
    const asAccount = (id: string, token = account.token) => ({ token, headers: { 'X-Request-Id': id } });
    const { body } = await stage.post('/api/instance/new', { name: 'desk' }, asAccount('audit-2'));
    const instance = body.instance as { id: string; token: string };
    await stage.post('/api/instance/rotateToken/desk', undefined, asAccount('audit-3'));
    await stage.delete('/api/instance/delete/desk', asAccount('audit-4'));
    const rotated = await stage.post('/api/account/rotateToken/acme', undefined, asAdmin('audit-5'));
    const { token } = rotated.body.account as { token: string };
    await stage.post('/api/account/update/acme', { instanceLimit: 2, enabled: false }, asAdmin('audit-6'));
    await stage.post('/api/account/update/acme', { instanceLimit: 2 }, asAdmin('audit-7'));
    await stage.delete('/api/account/delete/acme', asAdmin('audit-8'));
    // What was refused changed nothing.
    await stage.delete('/api/account/delete/acme', asAdmin('audit-9'));
    await stage.delete('/api/instance/delete/desk', asAccount('audit-10', stage.token));
    await stage.post('/api/account/new', { name: 'default' }, asAdmin('audit-11'));
    await requestLine('audit-11');

    const ofAccount = { by: 'admin', accountId: account.id, account: 'acme' };
    const ofInstance = { by: 'account', accountId: account.id, instanceId: instance.id, instance: 'desk' };
    const audited = lines().filter((line) => 'by' in line);
    const line = (requestId: string, msg: string, details: object) => ({
      level: 'info',
      time: expect.any(String) as unknown,
      requestId,
      msg,
      ...details,
    });
    expect(audited.slice(-7)).toEqual([
      line('audit-1', 'An account was created', { ...ofAccount, instanceLimit: 2, rateLimitPerMinute: null }),
      line('audit-2', 'An instance was created', ofInstance),
      line('audit-3', 'The token of an instance was replaced', ofInstance),
      line('audit-4', 'An instance was deleted', ofInstance),
      line('audit-5', 'The token of an account was replaced', ofAccount),
      line('audit-6', 'An account was changed', {
        ...ofAccount,
        changed: { enabled: { from: true, to: false } },
      }),
      line('audit-8', 'An account was deleted', ofAccount),
    ]);
    for (const secret of [account.token, token, instance.token])
      expect(stage.product.stdout()).not.toContain(secret);
  });

  it('are refused requests, of which strangers can send any number, in at most 60 lines a minute', async () => {
    const before = await sample(`ringdrop_http_request_duration_seconds_count${REFUSED}`);
    await Promise.all(
      Array.from({ length: 200 }, () => stage.get('/api/instance/list', { token: 'rda_wrong' })),
    );
    const refused = () => lines().filter(({ errorCode }) => errorCode === 'invalid_token');
    await untilSample(
      `ringdrop_http_request_duration_seconds_count${REFUSED}`,
      (count) => count - (Number.isNaN(before) ? 0 : before) === 200,
    );
    expect(refused()).toHaveLength(60);
    // The others are untouched.
    await stage.get('/api/instance/list', { headers: { 'X-Request-Id': 'tenant-1' } });
    expect(await requestLine('tenant-1')).toMatchObject({ status: 200 });
  });

  it('is a call from its request to its end, and how long each part took', async () => {
    const { body, headers } = await stage.call(
      'shop',
      { number: CALLEE, duration: 1 },
      { 'X-Request-Id': 'ring-1' },
    );
    expect(headers.get('x-request-id')).toBe('ring-1');
    const callId = String(body.callId);
    await stage.endedCall('shop', callId);
    const ofCall = () => lines().filter((line) => line.callId === callId);
    await stage.until(() => ofCall().some(({ msg }) => msg === 'A call ended'), 'the end is in the log');
    expect(ofCall().find(({ msg }) => msg === 'A call is about to leave')).toMatchObject({
      level: 'info',
      requestId: 'ring-1',
      instance: 'shop',
      durationSeconds: 1,
    });
    const end = ofCall().find(({ msg }) => msg === 'A call ended');
    expect(end).toMatchObject({ level: 'info', instance: 'shop', outcome: 'completed' });
    // The request was over long before.
    expect(end).not.toHaveProperty('requestId');
    expect(stage.product.stdout()).not.toContain(CALLEE.slice(-8));

    await untilSample('ringdrop_calls_ended_total{outcome="completed"}', (count) => count === 1);
    for (const measured of ['time_to_ack', 'time_to_ringing', 'hang_up_drift']) {
      expect(await sample(`ringdrop_call_${measured}_seconds_count`)).toBe(1);
    }
    expect(await sample('ringdrop_call_hang_up_drift_seconds_bucket{le="-0.1"}')).toBe(0);
    expect(await sample('ringdrop_call_hang_up_drift_seconds_bucket{le="60"}')).toBe(1);
    const placed = `method="POST",route="/api/call/fake/:instance",status="200"`;
    expect(await sample(`ringdrop_http_request_duration_seconds_count{${placed}}`)).toBe(1);
  });

  it('is how webhooks and WebSockets are doing', async () => {
    await untilSample('ringdrop_webhook_attempts_total{result="delivered"}', (count) => count >= 4);
    expect(await sample('ringdrop_webhook_first_attempt_delay_seconds_count')).toBeGreaterThanOrEqual(4);
    await untilSample('ringdrop_webhook_deliveries{state="pending"}', (count) => count === 0);
    expect(await sample('ringdrop_webhook_deliveries{state="dead"}')).toBe(0);

    await stage.post('/api/events/websocket/shop', { enabled: true });
    const url = `${stage.product.url.replace('http', 'ws')}/ws/shop`;
    const socket = new WebSocket(url, { headers: { token: stage.token, 'X-Request-Id': 'socket-1' } });
    await once(socket, 'open');
    expect(await sample('ringdrop_websocket_clients')).toBe(1);
    expect(await requestLine('socket-1')).toMatchObject({ route: '/ws/:instance', status: 101 });
    socket.close();
    await untilSample('ringdrop_websocket_clients', (count) => count === 0);
    expect(await sample('ringdrop_websocket_drops_total{reason="silent"}')).toBe(0);
  });

  it('is the state of sessions, and why they had to connect again', async () => {
    await untilSample('ringdrop_sessions{state="connected"}', (count) => count === 1);
    expect(await sample('ringdrop_sessions{state="never_linked"}')).toBe(0);
    await stage.newInstance('fresh');
    await untilSample('ringdrop_sessions{state="never_linked"}', (count) => count === 1);
    for (const lost of ['connecting', 'disconnected'])
      expect(await sample(`ringdrop_sessions{state="${lost}"}`)).toBe(0);
    expect(await sample('ringdrop_instances_restricted')).toBe(0);
    expect(await sample('ringdrop_calls_live')).toBe(0);
    stage.simulator.disconnect(CALLER, { kind: 'stream-error', code: 503 });
    await untilSample('ringdrop_session_reconnects_total{reason="unavailable"}', (count) => count === 1);
    await stage.untilStatus('shop', 'connected');
  });

  it('holds no instance name, number or token in a label', async () => {
    const text = await scrape();
    for (const one of ['shop', CALLER, CALLEE, stage.token, stage.adminToken])
      expect(text).not.toContain(one);
  });

  it('is reported soon, and healed by itself, when the database hangs', async () => {
    expect(await sample('ringdrop_database_up')).toBe(1);
    expect(await sample('ringdrop_database_pool_connections{state="in_use"}')).toBeGreaterThanOrEqual(0);
    const timed = async (route: string) => {
      const began = performance.now();
      const { status, body } = await stage.get(route, { token: '' });
      return { status, body, ms: performance.now() - began };
    };
    await processes.freeze();
    const [health, ready, live, metrics] = await Promise.all(
      ['/health', '/health/ready', '/health/live', '/metrics'].map(timed),
    );
    expect(health).toMatchObject({
      status: 503,
      body: { status: 'degraded', checks: { db: expect.stringMatching(/^fail: /) } },
    });
    expect([ready?.status, live?.status, metrics?.status]).toEqual([503, 200, 200]);
    for (const answer of [health, ready, live, metrics]) expect(answer?.ms).toBeLessThan(ANSWER_LIMIT_MS);
    await untilSample('ringdrop_database_up', (value) => value === 0);
    await stage.until(async () => !(await scrape()).includes('ringdrop_sessions{'), 'old counts are gone');
    expect(await sample('ringdrop_calls_ended_total{outcome="completed"}')).toBe(1);
    processes.thaw();
    await untilSample('ringdrop_database_up', (value) => value === 1);
    await stage.until(async () => (await stage.get('/health')).status === 200, 'the health is back');
    await untilSample('ringdrop_sessions{state="connected"}', (count) => count === 1);
  });
});
