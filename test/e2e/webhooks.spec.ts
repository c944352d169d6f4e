import { Webhook } from 'standardwebhooks';
import { Stage } from '../support/stage.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const OWN = '491510000070';

interface Envelope {
  readonly id: string;
  readonly event: string;
  readonly data: Record<string, unknown>;
  readonly instanceData: { readonly baseUrl: string; readonly instance: string };
}

describe('webhooks of the product', () => {
  let stage: Stage;
  let receiver: WebhookReceiver;
  let secret: string;

  beforeAll(async () => {
    stage = await Stage.open({
      WEBHOOK_ALLOW_PRIVATE: 'true',
      WEBHOOK_RETRY_SECONDS: new Array<number>(60).fill(1).join(),
    });
    receiver = await WebhookReceiver.start();
    await stage.newInstance('shop');
    const { status, body } = await stage.post('/api/events/webhook/shop', {
      enabled: true,
      url: receiver.url,
    });
    expect(status).toBe(200);
    secret = String((body.webhook as { secret: string }).secret);
    await stage.link('shop', OWN);
  });

  afterAll(async () => {
    await stage.close();
    await receiver.close();
  });

  const newContact = () => stage.newContact({ devices: [0, 6], behaviour: { kind: 'rings' } });

  async function call(duration = 1): Promise<string> {
    const { status, body } = await stage.call('shop', { number: newContact(), duration });
    expect(status).toBe(200);
    return String(body.callId);
  }

  const envelopes = () => receiver.accepted.map(({ body }) => JSON.parse(body) as Envelope);
  const instanceStates = () =>
    envelopes().flatMap(({ event, data }) => (event === 'instance.state' ? [data['state']] : []));
  const statesOf = (callId: string) =>
    envelopes().flatMap(({ data }) => (data['callId'] === callId ? [data['state']] : []));

  it('tell how an instance is linked', async () => {
    await stage.until(() => instanceStates().includes('connected'), 'the link is told');
    expect(instanceStates()).toEqual(['connecting', 'qr_ready', 'pair_success', 'connected']);
  });

  it('tell the life of a call in its order, signed', async () => {
    const callId = await call();
    await stage.until(() => statesOf(callId).includes('terminated'), 'the end is told');
    expect(statesOf(callId)).toEqual(['offer', 'delivered', 'ringing', 'terminated']);
    const last = receiver.accepted.at(-1);
    const envelope = new Webhook(secret).verify(last?.body ?? '', last?.headers as Record<string, string>);
    expect(envelope).toMatchObject({
      event: 'call.update',
      instanceData: { baseUrl: stage.product.url, instance: 'shop' },
      data: { callId, direction: 'outgoing', outcome: 'completed', duration: 1 },
    });
  });

  it('tell of calls to the account, which are rejected when the settings say so, with a word to the caller', async () => {
    const settings = { autoRejectCalls: true, callRejectMessage: 'Please write instead' };
    expect((await stage.post('/api/instance/settings/shop', settings)).status).toBe(200);
    const from = newContact();
    const callId = stage.simulator.sendCallTo(OWN, { from, kind: 'offer' });
    await stage.until(() => statesOf(callId).includes('rejected'), 'the rejection is told');
    expect(statesOf(callId)).toEqual(['offer', 'rejected']);
    expect(envelopes().find(({ data }) => data['callId'] === callId)?.data).toMatchObject({
      direction: 'incoming',
      number: from,
    });
    await stage.until(() => stage.simulator.messages.length === 1, 'the caller gets the message');
    expect(stage.simulator.messages[0]).toMatchObject({ text: 'Please write instead' });
  });

  it('lose nothing and keep the order when receiver and product are killed with deliveries pending', async () => {
    const { port } = receiver;
    const before = await call();
    await stage.until(() => statesOf(before).includes('ringing'), 'it is told so far');
    await receiver.close();
    const told = envelopes().length;
    const calls = [before, ...(await Promise.all([call(), call(), call()]))];
    for (const callId of calls) await stage.endedCall('shop', callId);
    await stage.product.kill();
    const earlier = receiver;
    receiver = await WebhookReceiver.start(() => 200, port);
    receiver.received.push(...earlier.received);
    await stage.restart();
    const isOver = () => calls.every((callId) => statesOf(callId).includes('terminated'));
    await stage.until(isOver, 'every end is told', 40_000);
    await stage.untilStatus('shop', 'connected');
    for (const callId of calls) {
      expect([...new Set(statesOf(callId))]).toEqual(['offer', 'delivered', 'ringing', 'terminated']);
    }
    expect(envelopes().length).toBeGreaterThan(told);
    const { body } = await stage.get('/api/events/deliveries/shop?status=dead');
    expect(body.deliveries).toEqual([]);
  }, 60_000);

  it('are signed from the first delivery on when they come with a new instance', async () => {
    const own = await WebhookReceiver.start();
    const { body } = await stage.post('/api/instance/new', {
      name: 'inline',
      webhookEnabled: true,
      webhookURL: own.url,
    });
    const { label, secret } = body.webhook as { label: string; secret: string };
    expect(label).toBe('default');
    await stage.get('/api/instance/connect/inline');
    await stage.until(() => own.accepted.length > 0, 'the first event is delivered');
    const [first] = own.accepted;
    expect(
      new Webhook(secret).verify(first?.body ?? '', first?.headers as Record<string, string>),
    ).toMatchObject({
      event: 'instance.state',
      instanceData: { instance: 'inline' },
    });
    await own.close();
  });

  it('can be tried, by an account 20 times a minute over all its tokens', async () => {
    const { token } = await stage.newInstance('tried', { webhookEnabled: true, webhookURL: receiver.url });
    const before = receiver.received.length;
    const tried = await stage.post('/api/events/test/tried', { label: 'default' }, { token });
    expect(tried).toMatchObject({
      status: 200,
      body: {
        success: true,
        message: 'Webhook test delivered',
        test: { label: 'default', delivered: true, responseStatus: 200, response: '', error: null },
      },
    });
    expect(receiver.received.slice(before).map(({ body }) => JSON.parse(body) as Envelope)).toMatchObject([
      { id: (tried.body.test as { eventId: string }).eventId, event: 'webhook.test' },
    ]);
    expect((await stage.get('/api/events/deliveries/tried')).body).toMatchObject({ deliveries: [] });
    expect((await stage.post('/api/events/test/tried', { label: 'none' })).status).toBe(404);
    for (let asked = 2; asked < 20; asked += 1) {
      expect((await stage.post('/api/events/test/tried')).status).toBe(200);
    }
    const limited = await stage.post('/api/events/test/tried', undefined, { token });
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await stage.get('/api/events/getWebhook/tried')).status).toBe(200);
  });
});
