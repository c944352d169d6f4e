import { EVENT_TYPES } from '../../../src/webhooks/store/webhook-wish.js';
import { AccountDeleting } from '../../../src/accounts/account-deleting.event.js';
import { AccountDisabled } from '../../../src/accounts/account-disabled.event.js';
import { TokenReplaced } from '../../../src/accounts/token-replaced.event.js';
import type { EventEnvelope } from '../../../src/common/events/event-writer.js';
import { EventStored, type EventType } from '../../../src/common/events/webhook-event.js';
import { WebSocketDropped } from '../../../src/live/event-socket.js';
import { InstanceDeleted } from '../../../src/instances/instance-deleted.event.js';
import { ACCOUNT_TOKEN, SHOP_ID, SHOP_TOKEN, SocketApp } from '../webhooks/support/socket-app.js';
import { SocketClient } from '../webhooks/support/socket-client.js';

const HEARTBEAT_MS = 25_000;
const SHOP = { id: SHOP_ID, accountId: 'a1', name: 'shop' };

describe('an open WebSocket', () => {
  let app: SocketApp;
  beforeEach(async () => {
    app = await SocketApp.start();
    await app.instances.change('a1', SHOP_ID, { enabled: true });
    await app.instances.change('a1', 'instance-other', { enabled: true });
  });
  afterEach(() => app.stop());

  const open = (token = SHOP_TOKEN, name = 'shop', autoPong = true) =>
    SocketClient.open(`${app.url}/ws/${name}`, { token }, { autoPong });

  const emit = (event: EventType, data: Record<string, unknown>, instanceId = SHOP_ID) => {
    const envelope: EventEnvelope = {
      id: 'b1c9a2de-0000-4000-8000-000000000001',
      event,
      timestamp: '2026-01-01T00:00:00.000Z',
      data,
      instanceData: { baseUrl: 'http://127.0.0.1:3000', instance: 'shop' },
    };
    return app.events.publish(new EventStored(instanceId, event, JSON.stringify(envelope), []));
  };

  const drops = () => {
    const reasons: string[] = [];
    app.events.on(WebSocketDropped, ({ reason }) => void reasons.push(reason));
    return reasons;
  };

  const configure = (body: object) =>
    fetch(`${app.url}/api/events/websocket/shop`, {
      method: 'POST',
      headers: { token: SHOP_TOKEN },
      body: JSON.stringify(body),
    });

  it('gets each event of its instance as one text frame, in order', async () => {
    const [first, second, other] = [
      await open(),
      await open(ACCOUNT_TOKEN),
      await open(ACCOUNT_TOKEN, 'other'),
    ];
    await emit('instance.state', { state: 'connected' });
    await emit('call.update', { state: 'offer' }, 'instance-other');
    await emit('call.update', { state: 'ringing' });
    for (const client of [first, second]) {
      const messages = await client.received(2);
      expect(messages.map((text): unknown => JSON.parse(text))).toMatchObject([
        { event: 'instance.state', data: { state: 'connected' }, instanceData: { instance: 'shop' } },
        { event: 'call.update', data: { state: 'ringing' } },
      ]);
    }
    expect(await other.received(1)).toHaveLength(1);
  });

  it('gets only the events it was configured for, and follows a change at once', async () => {
    await app.instances.change('a1', SHOP_ID, { enabled: true, events: ['call.update', 'message.new'] });
    const client = await open();
    await emit('instance.state', { n: 1 });
    await emit('call.update', { n: 2 });
    await configure({ enabled: true, events: ['instance.state'] });
    await emit('call.update', { n: 3 });
    await emit('instance.state', { n: 4 });
    const told = (await client.received(2)).map((text) => /"n":(\d)/.exec(text)?.[1]);
    expect(told).toEqual(['2', '4']);
  });

  it('is pinged every 25 seconds and stays while it answers', async () => {
    const client = await open();
    for (let beat = 1; beat <= 3; beat += 1) {
      await app.clock.advance(HEARTBEAT_MS);
      while (client.pings < beat) await tick();
      // The pong is on its way back over the network of this machine.
      for (let turn = 0; turn < 20; turn += 1) await tick();
    }
    expect(client.pings).toBe(3);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  it('is cut off when it did not answer the ping before', async () => {
    const client = await open(SHOP_TOKEN, 'shop', false);
    const dropped = drops();
    await app.clock.advance(HEARTBEAT_MS);
    expect(app.sockets.all()).toHaveLength(1);
    await app.clock.advance(HEARTBEAT_MS);
    expect(await client.closed).toMatchObject({ code: 1006 });
    expect(app.sockets.all()).toHaveLength(0);
    while (dropped.length === 0) await tick();
    expect(dropped).toEqual(['silent']);
  });

  it('is dropped with 1013 when it leaves more than 1 MiB unread', async () => {
    const [slow, quick] = [await open(), await open()];
    slow.socket.pause();
    const dropped = drops();
    const filler = 'x'.repeat(100_000);
    // The buffers of the operating system hold several megabytes before the product has to keep anything.
    let sent = 0;
    while (app.sockets.socketsOf(SHOP_ID).every((socket) => !socket.isClosing) && sent < 500) {
      await emit('call.update', { filler });
      sent += 1;
      await quick.received(sent);
    }
    expect(sent).toBeLessThan(500);
    await emit('call.update', { last: true });
    slow.socket.resume();
    expect(await slow.closed).toEqual({ code: 1013, reason: 'Too slow' });
    expect(slow.messages.length).toBeLessThan(sent);
    while (dropped.length === 0) await tick();
    expect(dropped).toEqual(['too_slow']);
    expect(await quick.received(sent + 1)).toHaveLength(sent + 1);
  });

  it('is cut off when it does not even take the goodbye', async () => {
    const client = await open();
    client.socket.pause();
    const [socket] = app.sockets.all();
    await configure({ enabled: false });
    await app.clock.advance(2000);
    await socket?.closed;
    expect(app.sockets.all()).toHaveLength(0);
  });

  it('may say what it likes within 1024 bytes, and nothing longer', async () => {
    const client = await open();
    client.socket.send('x'.repeat(1024));
    client.socket.send(Buffer.alloc(1024));
    client.socket.ping();
    await emit('call.update', { state: 'offer' });
    await client.received(1);
    client.socket.send('x'.repeat(1025));
    expect(await client.closed).toMatchObject({ code: 1009 });
  });

  it.each([
    ['its account is disabled', () => new AccountDisabled('a1'), 'Invalid token'],
    ['its account is deleted', () => new AccountDeleting('a1'), 'Invalid token'],
    ['its instance is deleted', () => new InstanceDeleted(SHOP), 'Instance deleted'],
  ])('is closed with 1008 when %s', async (_case, event, reason) => {
    const client = await open();
    await app.events.publish(event());
    expect(await client.closed).toEqual({ code: 1008, reason });
  });

  it('does not mind what happens to other accounts and instances', async () => {
    const client = await open();
    await app.events.publish(new AccountDisabled('a2'));
    await app.events.publish(new InstanceDeleted({ ...SHOP, id: 'instance-other' }));
    await emit('call.update', {});
    expect(await client.received(1)).toHaveLength(1);
  });

  it('is closed with 1008 at once when it is switched off', async () => {
    const client = await open();
    expect((await configure({ enabled: false })).status).toBe(200);
    expect(await client.closed).toEqual({
      code: 1008,
      reason: 'WebSocket is not enabled for this instance',
    });
  });

  it.each([
    ['the token of the instance', SHOP_TOKEN, ACCOUNT_TOKEN, SHOP_ID],
    ['the token of the account', ACCOUNT_TOKEN, SHOP_TOKEN, null],
  ])('is closed with 1008 at once when %s was replaced', async (_which, replacedToken, otherToken, id) => {
    const [replaced, other] = [await open(replacedToken), await open(otherToken)];
    app.tokens.callers.delete(replacedToken);
    await app.events.publish(new TokenReplaced('a1', id));
    expect(await replaced.closed).toEqual({ code: 1008, reason: 'Invalid token' });
    expect(other.socket.readyState).toBe(other.socket.OPEN);
  });

  it('is closed with 1008 at the next heartbeat when another process replaced its token', async () => {
    const [replaced, other] = [await open(SHOP_TOKEN), await open(ACCOUNT_TOKEN)];
    app.tokens.callers.delete(SHOP_TOKEN);
    await app.clock.advance(HEARTBEAT_MS);
    expect(await replaced.closed).toEqual({ code: 1008, reason: 'Invalid token' });
    expect(other.socket.readyState).toBe(other.socket.OPEN);
  });

  it('follows at the next heartbeat what another process configured', async () => {
    const [shop, other] = [await open(), await open(ACCOUNT_TOKEN, 'other')];
    await app.instances.change('a1', SHOP_ID, { enabled: true, events: ['call.update'] });
    await app.instances.change('a1', 'instance-other', { enabled: false });
    await app.clock.advance(HEARTBEAT_MS);
    expect(await other.closed).toMatchObject({ code: 1008 });
    await emit('instance.state', {});
    await emit('call.update', {});
    expect((await shop.received(1))[0]).toContain('call.update');
  });

  it('stays open while the database is away', async () => {
    const client = await open();
    app.instances.isBroken = true;
    await app.clock.advance(HEARTBEAT_MS);
    expect(app.log.sentences('warn')).toEqual(['Open WebSockets could not be checked']);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  it('is closed with 1001 when the service shuts down, and no other is opened', async () => {
    const client = await open();
    await app.sockets.closeAll();
    expect(await client.closed).toEqual({ code: 1001, reason: 'The service is shutting down' });
    expect(await SocketClient.refused(`${app.url}/ws/shop`, { token: SHOP_TOKEN })).toMatchObject({
      status: 503,
      headers: { 'x-error-code': 'shutting_down' },
    });
  });
});

const EVENTS_RULE = `events must be a list of these names: ${EVENT_TYPES.join(', ')}; an empty list means all`;

describe('the settings of a WebSocket', () => {
  let app: SocketApp;
  beforeEach(async () => {
    app = await SocketApp.start();
  });
  afterEach(() => app.stop());

  const post = async (body: unknown) => {
    const answer = await fetch(`${app.url}/api/events/websocket/shop`, {
      method: 'POST',
      headers: { token: SHOP_TOKEN },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  };
  const get = async () => {
    const answer = await fetch(`${app.url}/api/events/getWebsocket/shop`, { headers: { token: SHOP_TOKEN } });
    return { status: answer.status, body: await answer.json() };
  };

  it('are not there before they are configured', async () => {
    expect(await get()).toEqual({
      status: 404,
      body: { success: false, error: { message: 'WebSocket not configured for this instance' } },
    });
  });

  it('are stored and shown', async () => {
    const websocket = { enabled: true, events: ['call.update', 'message.exchange'] };
    expect(await post({ ...websocket, events: [...websocket.events, 'call.update'] })).toEqual({
      status: 200,
      body: { success: true, message: 'WebSocket configured successfully', websocket },
    });
    expect(await get()).toEqual({
      status: 200,
      body: { success: true, message: 'WebSocket retrieved successfully', websocket },
    });
    expect(await post({ enabled: false })).toMatchObject({
      status: 200,
      body: { websocket: { enabled: false, events: websocket.events } },
    });
  });

  it.each([
    [{}, 'enabled is required'],
    [{ enabled: null }, 'enabled is required'],
    [{ enabled: 'true' }, 'enabled must be a boolean value'],
    [{ enabled: true, events: 'call.update' }, EVENTS_RULE],
    [{ enabled: true, events: ['*'] }, EVENTS_RULE],
    [[], 'a JSON object is expected'],
  ])('refuse %j', async (body, detail) => {
    expect(await post(body)).toEqual({
      status: 400,
      body: { success: false, error: { message: `Invalid request body: ${detail}` } },
    });
  });
});

function tick(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
