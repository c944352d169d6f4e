import { failure, failureOf } from '../support/failure.js';
import { describeWithNats } from '../support/describe-with-nats.js';
import { TestNats } from '../support/nats.js';
import { PageEvents, readDrawing } from '../support/page-events.js';
import { runSql } from '../support/postgres.js';
import { Stage, type Answer } from '../support/stage.js';
import type { ContactOptions } from '../simulator/index.js';
import { SocketClient } from '../unit/webhooks/support/socket-client.js';

const CALLER = '491510000090';
const LONG_MS = 60_000;
const UNREACHED = failure(
  503,
  'owner_unavailable',
  'The process that holds this instance cannot be reached. Try again',
  '1',
);

describeWithNats('a node that does not hold the instance', () => {
  let nats: TestNats;
  let holder: Stage;
  let asker: Stage;
  const nodeIds = new Map<Stage, unknown>();

  beforeAll(async () => {
    nats = await TestNats.start();
    holder = await Stage.open({ NATS_URL: nats.url });
    nodeIds.set(holder, await runSql(holder.databaseUrl, 'SELECT id FROM nodes'));
    asker = await holder.join();
    const asked = `SELECT id FROM nodes WHERE id <> '${String(nodeIds.get(holder))}'`;
    nodeIds.set(asker, await runSql(holder.databaseUrl, asked));
    // One linked instance is a fair share of one: it stays where it was linked.
    await holder.linkedInstance('shop', CALLER);
    await holder.newInstance('cold');
    await untilLinked();
  }, LONG_MS);

  // Nodes share linked instances out among them, so this one moves when others are linked.
  beforeEach(async () => {
    let owner: unknown = null;
    const look = async () => {
      owner = await runSql(
        holder.databaseUrl,
        `SELECT node_id FROM session_owners JOIN instances ON instances.id = instance_id WHERE name = 'shop'`,
      );
      return owner !== null && (await holder.instance('shop')).status === 'connected';
    };
    await holder.until(look, 'one of them holds the instance', LONG_MS);
    if (owner === nodeIds.get(asker)) [holder, asker] = [asker, holder];
    expect(nodeIds.get(holder)).toBe(owner);
  }, LONG_MS);

  afterAll(async () => {
    await asker.close();
    await holder.close();
    await nats.kill();
  }, LONG_MS);

  afterEach(() => {
    holder.simulator.refuseLinking(undefined);
    expect(holder.simulator.violations).toEqual([]);
  });

  async function untilLinked(): Promise<void> {
    for (const stage of [asker, holder]) {
      await stage.until(async () => (await stage.get('/health')).status === 200, 'NATS is up', LONG_MS);
    }
  }

  async function settings(fields: Record<string, number>): Promise<void> {
    expect((await asker.post('/api/instance/settings/shop', fields)).status).toBe(200);
  }

  it('places a call, follows it and hangs it up', async () => {
    const number = holder.newContact();
    const placed = await asker.call('shop', { number, duration: 60 });
    expect(placed.status).toBe(200);
    expect(placed.body).toMatchObject({ success: true, number, duration: 60 });
    const { callId } = await holder.simulator.waitForCall((call) => call.callId === placed.body.callId);
    expect((await asker.callInfo('shop', callId)).state).not.toBe('ended');

    const cancelled = await asker.post('/api/call/cancel/shop', { callId });
    expect(cancelled.status).toBe(200);
    expect(await holder.callInfo('shop', callId)).toMatchObject({ state: 'ended', outcome: 'cancelled' });
    const again = await asker.post('/api/call/cancel/shop', { callId });
    expect(failureOf(again)).toEqual(failure(409, 'call_already_ended', 'Call has already ended'));
  });

  type Provocation = (stage: Stage) => Promise<Answer>;
  const calls =
    (contact: Omit<ContactOptions, 'number'>): Provocation =>
    (stage) =>
      stage.call('shop', { number: holder.newContact(contact), duration: 1 });

  it.each<[string, number, Provocation]>([
    ['instance_not_found', 404, (stage) => stage.call('nowhere', { number: '491590000000', duration: 1 })],
    ['number_required', 400, (stage) => stage.call('shop', { duration: 1 })],
    ['duration_out_of_range', 400, (stage) => stage.call('shop', { number: '491590000000', duration: 99 })],
    ['number_not_registered', 400, (stage) => stage.call('shop', { number: '491599999999', duration: 1 })],
    ['callee_unreachable', 500, calls({ devices: [] })],
    ['call_refused', 500, calls({ ack: { errorAttribute: 406 } })],
    ['call_not_found', 404, (stage) => stage.post('/api/call/cancel/shop', { callId: '0'.repeat(32) })],
    ['call_not_acknowledged', 500, calls({ ack: 'silent' })],
    [
      'instance_not_connected',
      503,
      (stage) => stage.call('cold', { number: holder.newContact(), duration: 1 }),
    ],
    ['no_saved_session', 400, (stage) => stage.post('/api/instance/reconnect/cold')],
    ['no_qr', 404, (stage) => stage.get('/api/instance/qrcode/shop')],
  ])('answers %s as the holder does', async (_, status, provoke) => {
    const [there, here] = await Promise.all([provoke(holder), provoke(asker)]);
    expect(failureOf(here)).toEqual(failureOf(there));
    expect(here.status).toBe(status);
  });

  it('keeps the pace of calls, however many nodes are asked', async () => {
    await settings({ minSecondsBetweenCalls: 600 });
    try {
      const answers = await Promise.all(
        [holder, asker, asker, holder].map((stage) =>
          stage.call('shop', { number: holder.newContact(), duration: 1 }),
        ),
      );
      const paced = answers.filter(({ status }) => status === 429).map(failureOf);
      const message = 'Calls on this instance must be at least 600 seconds apart';
      const seconds = expect.stringMatching(/^(5\d\d|600)$/);
      expect(paced.length).toBeGreaterThanOrEqual(3);
      for (const one of paced) expect(one).toEqual(failure(429, 'call_pacing', message, seconds));
    } finally {
      await settings({ minSecondsBetweenCalls: 0 });
    }
  });

  it('has as many places for calls as the instance, however many nodes are asked', async () => {
    await settings({ maxConcurrentCalls: 1 });
    const { body } = await asker.call('shop', { number: holder.newContact(), duration: 60 });
    const message = 'Too many calls are in progress on this instance';
    for (const stage of [asker, holder]) {
      expect(failureOf(await stage.call('shop', { number: holder.newContact(), duration: 1 }))).toEqual(
        failure(409, 'too_many_calls', message, expect.stringMatching(/^[1-6]\d$/)),
      );
    }
    expect((await asker.post('/api/call/cancel/shop', { callId: body.callId })).status).toBe(200);
    await settings({ maxConcurrentCalls: 10 });
  });

  it('replays the answer to a key, a failure too, and tells a request that is no repetition', async () => {
    const replayed = ({ headers }: Answer) => headers.get('idempotency-replayed');
    const ask = (stage: Stage, key: string, body: Record<string, unknown>) =>
      stage.call('shop', body, { 'Idempotency-Key': key });
    for (const [first, second] of [
      [asker, holder],
      [holder, asker],
      [asker, asker],
    ] as const) {
      for (const contact of [{}, { ack: { errorAttribute: 406 } }] as const) {
        const number = holder.newContact(contact);
        const key = `order ${number}`;
        const answer = await ask(first, key, { number, duration: 1 });
        const again = await ask(second, key, { number, duration: 1 });
        expect([replayed(answer), replayed(again)]).toEqual([null, 'true']);
        expect(failureOf(again)).toEqual(failureOf(answer));
        expect(holder.simulator.calls.filter((call) => call.calleeNumber === number)).toHaveLength(1);
        expect(failureOf(await ask(second, key, { number, duration: 2 }))).toEqual(
          failure(409, 'idempotency_mismatch', 'Idempotency key was used with a different request'),
        );
      }
    }
  });

  it('tells a WebSocket what happens, in order', async () => {
    expect((await asker.post('/api/events/websocket/shop', { enabled: true, events: [] })).status).toBe(200);
    const client = await SocketClient.open(`${asker.product.url}/ws/shop`, { token: asker.token });
    const numbers = [holder.newContact(), holder.newContact()];
    const placed = await Promise.all(numbers.map((number) => holder.call('shop', { number, duration: 1 })));
    const heard = (callId: unknown) =>
      client.messages
        .map((text) => (JSON.parse(text) as { data: Record<string, unknown> }).data)
        .filter((data) => data.callId === callId)
        .map(({ state }) => state);
    for (const { body } of placed) {
      await asker.until(() => heard(body.callId).length === 4, 'four events came', LONG_MS);
      expect(heard(body.callId)).toEqual(['offer', 'delivered', 'ringing', 'terminated']);
    }
    expect(new Set(client.messages).size).toBe(client.messages.length);
    client.socket.close();
    await client.closed;
  });

  it('shows the QR code of a linking that is under way elsewhere, on its page too', async () => {
    await holder.newInstance('linking');
    const there = await holder.get('/api/instance/connect/linking');
    const here = await asker.get('/api/instance/connect/linking');
    expect(here.status).toBe(200);
    expect(here.body.qrCode).toBe(there.body.qrCode);

    const share = await asker.post('/api/instance/share/linking', {});
    const path = new URL(String(share.body.url)).pathname;
    const page = await PageEvents.open(`${asker.product.url}${path}/events`);
    const { qr } = await page.until('qr');
    const phone = holder.simulator.addPhone({ number: '491510000091', name: 'Eva' });
    await phone.scanQr(String(readDrawing(qr)));
    expect(await page.until('connected')).toEqual({ phase: 'connected', number: '491510000091' });
    await page.ended;
    await asker.untilStatus('linking', 'connected', LONG_MS);

    expect((await asker.delete('/api/instance/delete/linking')).status).toBe(200);
    expect((await holder.get('/api/instance/list?instanceName=linking')).status).toBe(404);
  });

  it('tells why WhatsApp refuses to link', async () => {
    await holder.newInstance('refused');
    await holder.get('/api/instance/connect/refused');
    holder.simulator.refuseLinking({ at: 'connect', code: 403 });
    expect((await asker.delete('/api/instance/logout/refused')).status).toBe(200);
    const query = '/api/instance/connect/refused?number=5511930000010';
    const message = 'WhatsApp has blocked or restricted this account (403)';
    for (const stage of [holder, asker]) {
      expect(failureOf(await stage.get(query))).toEqual(failure(502, 'account_restricted', message));
    }
    expect((await asker.delete('/api/instance/delete/refused')).status).toBe(200);
  });

  it('closes and opens the sessions of an account that is disabled and enabled', async () => {
    const admin = { token: asker.adminToken };
    const client = await SocketClient.open(`${holder.product.url}/ws/shop`, { token: asker.token });
    const disable = (enabled: boolean) =>
      asker.request('POST', '/api/account/update/default', { ...admin, body: { enabled } });
    expect((await disable(false)).status).toBe(200);
    expect(await client.closed).toMatchObject({ reason: 'Invalid token' });
    expect((await holder.get('/api/instance/list')).status).toBe(401);
    expect((await disable(true)).status).toBe(200);
    await asker.untilStatus('shop', 'connected', LONG_MS);
    expect((await asker.call('shop', { number: holder.newContact(), duration: 1 })).status).toBe(200);
  });

  it('says at once that the broker is away, and goes on when it is back', async () => {
    await nats.kill();
    await asker.until(async () => (await asker.get('/health')).status === 503, 'it is noticed');
    const begun = performance.now();
    const answer = await asker.call('shop', { number: holder.newContact(), duration: 1 });
    expect(failureOf(answer)).toEqual(UNREACHED);
    expect(performance.now() - begun).toBeLessThan(1000);
    expect((await holder.call('shop', { number: holder.newContact(), duration: 1 })).status).toBe(200);
    expect((await asker.get('/health')).body).toMatchObject({
      status: 'degraded',
      checks: { db: 'ok', nats: 'fail: the broker cannot be reached' },
    });
    expect((await asker.get('/health/ready')).status).toBe(200);

    await nats.start();
    await untilLinked();
    expect((await asker.call('shop', { number: holder.newContact(), duration: 1 })).status).toBe(200);
  });

  it('starts without a broker, and uses it when it comes', async () => {
    await nats.kill();
    const late = await asker.join();
    try {
      expect(failureOf(await late.call('shop', { number: holder.newContact(), duration: 1 }))).toEqual(
        UNREACHED,
      );
      await nats.start();
      await late.until(async () => (await late.get('/health')).status === 200, 'NATS is up', LONG_MS);
      await untilLinked();
      expect((await late.call('shop', { number: holder.newContact(), duration: 1 })).status).toBe(200);
      for (const product of [late.product, asker.product, holder.product]) {
        expect(product.stdout() + product.stderr()).not.toContain('broker-secret');
      }
    } finally {
      await late.product.stop();
    }
  });

  it('says that the holder has died, and takes its place', async () => {
    await holder.product.kill();
    const begun = performance.now();
    const answer = await asker.call('shop', { number: holder.newContact(), duration: 1 });
    expect(failureOf(answer)).toEqual(UNREACHED);
    expect(performance.now() - begun).toBeLessThan(1000);
    await asker.untilStatus('shop', 'connected', LONG_MS);
    await asker.until(
      async () => (await asker.call('shop', { number: holder.newContact(), duration: 1 })).status === 200,
      'it places calls itself',
      LONG_MS,
    );
  });
});
