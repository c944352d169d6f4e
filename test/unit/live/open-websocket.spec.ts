import { jest } from '@jest/globals';
import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ACCOUNT_TOKEN,
  MAX_WEBSOCKETS_PER_ACCOUNT,
  OTHER_ID,
  REQUESTS_PER_MINUTE,
  SHOP_ID,
  SHOP_TOKEN,
  SocketApp,
  STRANGER_TOKEN,
} from '../webhooks/support/socket-app.js';
import { rawExchange, SocketClient } from '../webhooks/support/socket-client.js';

const NOT_ENABLED =
  'WebSocket is not enabled for this instance. Configure it first using POST /api/events/websocket/shop';

describe('opening a WebSocket', () => {
  let app: SocketApp;
  beforeEach(async () => {
    app = await SocketApp.start();
    await app.instances.change('a1', SHOP_ID, { enabled: true });
  });
  afterEach(() => app.stop());

  const openWith = (headers: Record<string, string>, path = '/ws/shop') =>
    SocketClient.open(app.url + path, headers);
  const refusedWith = (headers: Record<string, string>, path = '/ws/shop') =>
    SocketClient.refused(app.url + path, headers);

  it.each([
    ['the header', { token: SHOP_TOKEN }, '/ws/shop'],
    ['a Bearer token', { authorization: `Bearer ${ACCOUNT_TOKEN}` }, '/ws/shop'],
    ['the address', {}, `/ws/shop?token=${SHOP_TOKEN}`],
    ['the address, with other parameters', {}, `/ws/shop?a=b&token=${SHOP_TOKEN}&c=`],
    ['the header, before a wrong one in the address', { token: SHOP_TOKEN }, '/ws/shop?token=wrong'],
  ])('takes the token from %s', async (_place, headers: Record<string, string>, path) => {
    const client = await openWith(headers, path);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    expect(app.sockets.socketsOf(SHOP_ID)).toHaveLength(1);
  });

  it('tells the request id and what is left of the rate limit', async () => {
    const { headers } = await openWith({ token: SHOP_TOKEN, 'x-request-id': 'mine' });
    expect(headers['x-request-id']).toBe('mine');
    expect(headers['x-ratelimit-limit']).toBe(String(REQUESTS_PER_MINUTE));
    expect(headers['x-ratelimit-remaining']).toBe(String(REQUESTS_PER_MINUTE - 1));
  });

  it.each([
    [401, 'missing_token', 'Missing token in header', {}, '/ws/shop'],
    [401, 'invalid_token', 'Invalid token', { token: 'wrong' }, '/ws/shop'],
    [401, 'invalid_token', 'Invalid token', {}, '/ws/shop?token=wrong'],
    [401, 'invalid_token', 'Invalid token', { token: 'wrong' }, `/ws/shop?token=${SHOP_TOKEN}`],
    [403, 'instance_mismatch', 'Instance token does not match instance', { token: SHOP_TOKEN }, '/ws/other'],
    [400, 'instance_required', 'Instance name is required', { token: ACCOUNT_TOKEN }, '/ws'],
    [400, 'instance_required', 'Instance name is required', { token: ACCOUNT_TOKEN }, '/ws/%20'],
    [404, 'instance_not_found', 'Instance not found', { token: ACCOUNT_TOKEN }, '/ws/nobody'],
    [404, 'instance_not_found', 'Instance not found', { token: STRANGER_TOKEN }, '/ws/shop'],
  ])('refuses with %i %s', async (status, code, message, headers: Record<string, string>, path) => {
    const refusal = await refusedWith({ ...headers, 'x-request-id': 'mine' }, path);
    expect(refusal).toMatchObject({ status, body: { success: false, error: { message } } });
    expect(refusal.headers).toMatchObject({
      'x-error-code': code,
      'x-request-id': 'mine',
      connection: 'close',
    });
  });

  it('refuses a WebSocket that is not enabled, or was never configured', async () => {
    await app.instances.change('a1', SHOP_ID, { enabled: false });
    const off = await refusedWith({ token: SHOP_TOKEN });
    expect(off).toMatchObject({ status: 400, body: { error: { message: NOT_ENABLED } } });
    const never = await refusedWith({ token: ACCOUNT_TOKEN }, '/ws/other');
    expect(never).toMatchObject({
      status: 400,
      body: { error: { message: NOT_ENABLED.replace(/shop$/, 'other') } },
    });
  });

  it('tells a client without an upgrade what is expected', async () => {
    const answer = await fetch(`${app.url}/ws/shop`, { headers: { token: SHOP_TOKEN } });
    expect(answer.status).toBe(400);
    expect(answer.headers.get('x-error-code')).toBe('websocket_expected');
  });

  it('takes no token from the address of an ordinary request', async () => {
    const answer = await fetch(`${app.url}/ws/shop?token=${SHOP_TOKEN}`);
    expect(answer.status).toBe(401);
  });

  it('counts against the rate limit of the token', async () => {
    for (let opened = 0; opened < REQUESTS_PER_MINUTE; opened += 1) {
      await fetch(`${app.url}/ws/shop`, { headers: { token: SHOP_TOKEN } });
    }
    const refusal = await refusedWith({}, `/ws/shop?token=${SHOP_TOKEN}`);
    expect(refusal).toMatchObject({
      status: 429,
      body: { success: false, error: { message: 'Rate limit exceeded. Try again later.' } },
      headers: { 'x-error-code': 'rate_limited', 'retry-after': '60' },
    });
  });

  it('looks at 16 handshakes of an address at a time; the others wait for them', async () => {
    let begun = 0;
    let release = (): void => undefined;
    const held = new Promise<undefined>((resolve) => (release = () => resolve(undefined)));
    jest.spyOn(app.tokens, 'callerOf').mockImplementation(() => {
      begun += 1;
      return held;
    });
    const refused = Promise.all(Array.from({ length: 20 }, () => refusedWith({ token: SHOP_TOKEN })));
    while (begun < 16) await sleep(5);
    await sleep(50);
    expect(begun).toBe(16);
    release();
    expect((await refused).map(({ status }) => status)).toEqual(new Array<number>(20).fill(401));
    expect(begun).toBe(20);
  });

  it('allows 20 on one instance, and a new one when an old one has gone', async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => openWith({ token: SHOP_TOKEN })));
    const refusal = await refusedWith({ token: ACCOUNT_TOKEN });
    expect(refusal).toMatchObject({ status: 409, headers: { 'x-error-code': 'too_many_websockets' } });
    const [first] = app.sockets.socketsOf(SHOP_ID);
    clients[0]?.socket.close();
    await first?.closed;
    await openWith({ token: SHOP_TOKEN });
    expect(app.sockets.socketsOf(SHOP_ID)).toHaveLength(20);
  });

  it('allows as many in one account as the operator set, and nobody of another account is in the way', async () => {
    await app.instances.change('a1', OTHER_ID, { enabled: true });
    const first = await openWith({ token: ACCOUNT_TOKEN });
    for (let count = 1; count < MAX_WEBSOCKETS_PER_ACCOUNT; count += 1)
      await openWith({ token: ACCOUNT_TOKEN }, count < 20 ? '/ws/shop' : '/ws/other');
    expect(await refusedWith({ token: ACCOUNT_TOKEN }, '/ws/other')).toMatchObject({
      status: 429,
      headers: { 'x-error-code': 'too_many_account_websockets' },
      body: { success: false, error: { message: 'At most 25 WebSockets can be open in one account' } },
    });
    const foreign = { accountId: 'a2', instanceId: 'elsewhere' };
    expect(() => app.sockets.requirePlace(foreign)).not.toThrow();
    const [socket] = app.sockets.socketsOf(SHOP_ID);
    first.socket.close();
    await socket?.closed;
    await openWith({ token: ACCOUNT_TOKEN }, '/ws/other');
  });

  it('answers a broken handshake with the error envelope', async () => {
    const answer = await rawExchange(
      app.port,
      `GET /ws/shop HTTP/1.1\r\nHost: a\r\ntoken: ${SHOP_TOKEN}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/X-Error-Code: bad_request/);
    expect(answer).toMatch(/\{"success":false,"error":\{"message":"Request cannot be understood"\}\}$/);
    expect(app.sockets.all()).toHaveLength(0);
  });

  it('answers a handshake with a body instead of waiting for it', async () => {
    const answer = await rawExchange(
      app.port,
      `GET /ws/shop HTTP/1.1\r\nHost: a\r\ntoken: wrong\r\nContent-Length: 5\r\nConnection: Upgrade\r\n` +
        'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nhello',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('answers unknown addresses with the error envelope', async () => {
    const refusal = await refusedWith({ token: SHOP_TOKEN }, '/ws/shop/more');
    expect(refusal).toMatchObject({ status: 404, body: { error: { message: 'Route not found' } } });
  });

  it('serves a request that offers another protocol as if it did not', async () => {
    const body = JSON.stringify({ greeting: 'olá' });
    const offer =
      `POST /api/echo HTTP/1.1\r\nHost: a\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n${body}`;
    const last = offer.replace('Connection: ', 'Connection: close, ');
    // More often than Node allows listeners, so that one left behind each time would be told.
    const warnings = jest.spyOn(process, 'emitWarning');
    const answer = await rawExchange(app.port, ...Array.from({ length: 15 }, () => offer), last);
    expect(warnings).not.toHaveBeenCalled();
    expect(answer.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(16);
    expect(answer.match(/\{"greeting":"olá"\}/g)).toHaveLength(16);
  });

  it('survives a client that asks for a WebSocket before the answer to an earlier request', async () => {
    const request = `GET /ws/shop HTTP/1.1\r\nHost: a\r\ntoken: ${SHOP_TOKEN}\r\n`;
    await rawExchange(
      app.port,
      `${request}\r\n${request}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    expect(app.sockets.all()).toHaveLength(0);
    await openWith({ token: SHOP_TOKEN });
  });

  it('survives a client that hangs up during the checks', async () => {
    for (const way of ['destroy', 'resetAndDestroy'] as const) {
      const socket = connect(app.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        `GET /ws/shop HTTP/1.1\r\nHost: a\r\ntoken: ${SHOP_TOKEN}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
        () => socket[way](),
      );
      await once(socket, 'close');
    }
    await sleep(20);
    expect(app.sockets.all()).toHaveLength(0);
    await openWith({ token: SHOP_TOKEN });
  });

  it('never writes a token to the log', async () => {
    await refusedWith({}, '/ws/shop?token=secret-in-the-address');
    await openWith({}, `/ws/shop?token=${SHOP_TOKEN}`);
    expect(JSON.stringify(app.log.lines)).not.toMatch(/secret-in-the-address|rdi_shop/);
  });
});
