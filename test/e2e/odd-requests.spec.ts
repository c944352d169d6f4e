import { connect } from 'node:net';
import { Stage } from '../support/stage.js';

const ENVELOPE = '{"success":false,"error":{"message":';

/** What HTTP allows and hardly anybody sends. */
describe('odd requests', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
  });

  afterAll(() => stage.close());

  /** All that the server says before it closes the connection. */
  const exchange = (head: readonly string[], body = '', host = 'Host: x'): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = '';
      const socket = connect(Number(new URL(stage.product.url).port), '127.0.0.1', () =>
        socket.write([...head, host, 'Connection: close', '', body].join('\r\n'), 'latin1'),
      );
      socket.on('data', (bytes) => (text += bytes.toString('latin1')));
      socket.on('error', reject).on('close', () => resolve(text));
    });

  it('with an expectation that nobody can meet are answered as if it were not there', async () => {
    const answer = await exchange([
      'GET /api/instance/list HTTP/1.1',
      `token: ${stage.token}`,
      'Expect: miracles',
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/\r\nX-Request-Id: /i);
  });

  it('that ask only for what is new get the whole answer', async () => {
    const answer = await stage.get('/api/instance/list', { headers: { 'If-None-Match': '*' } });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ success: true });
  });

  it('that name an unknown encoding for no body at all are taken', async () => {
    const route = 'POST /api/instance/share/none HTTP/1.1';
    const head = [route, `token: ${stage.token}`, 'Content-Encoding: nonsense', 'Content-Length: 0'];
    expect(await exchange(head)).toMatch(/^HTTP\/1\.1 404 /);
    expect(await exchange([...head.slice(0, 3), 'Content-Length: 2'], '{}')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('that declare a charset are read in it, or told that it is not supported', async () => {
    const send = (body: Buffer, charset: string) => {
      const route = 'POST /api/instance/settings/charsets HTTP/1.1';
      const type = `Content-Type: application/json; charset=${charset}`;
      const head = [route, `token: ${stage.token}`, type, `Content-Length: ${body.length}`];
      return exchange(head, body.toString('latin1'));
    };
    await stage.newInstance('charsets');
    const settings = (callRejectMessage: string) => JSON.stringify({ callRejectMessage });
    for (const [body, charset] of [
      [Buffer.from(settings('café'), 'latin1'), 'latin1'],
      [Buffer.from(settings('café'), 'utf16le'), 'utf-16'],
      [Buffer.from(settings('café')), '"'],
    ] as const) {
      expect(await send(body, charset)).toMatch(/^HTTP\/1\.1 200 /);
      expect((await stage.instance('charsets')).settings).toMatchObject({ callRejectMessage: 'café' });
    }
    const refused = await send(Buffer.from(settings('x')), 'nonsense');
    expect(refused).toMatch(/^HTTP\/1\.1 415 .*\r\nX-Error-Code: unsupported_charset\r\n/s);
    expect(refused).toContain('Charset nonsense is not supported: send the body as UTF-8');
    const damaged = await send(Buffer.from(settings('café'), 'latin1'), 'utf-8');
    expect(damaged).toContain('Invalid request body: it is not valid UTF-8');
    expect((await stage.instance('charsets')).settings).toMatchObject({ callRejectMessage: 'café' });
  });

  it('that have half of a surrogate pair in a field are refused', async () => {
    await stage.newInstance('surrogates');
    const half = await stage.post('/api/instance/settings/surrogates', '{"callRejectMessage":"a\\ud800"}');
    expect(half.status).toBe(400);
    expect(half.body).toMatchObject({
      error: { message: expect.stringMatching(/^Invalid request body: it is not valid UTF-8/) },
    });
    const elsewhere = '{"callRejectMessage":"b","other":"\\ud800"}';
    expect((await stage.post('/api/instance/settings/surrogates', elsewhere)).status).toBe(200);
  });

  it.each<[string, string, unknown]>([
    ['POST', '/api/instance/new', { name: 'a\0' }],
    ['POST', '/api/instance/new', { name: 'nul', token: `${'a1B2'.repeat(8)}\0` }],
    ['POST', '/api/account/new', { name: 'a\0' }],
    ['POST', '/api/call/fake/shop', { number: '55119\0' }],
    ['POST', '/api/call/cancel/shop', { callId: 'a\0' }],
    ['GET', '/api/call/info/shop?callId=%00', undefined],
    ['GET', '/api/call/list/shop?number=%00', undefined],
    ['GET', '/api/instance/list?instanceName=%00', undefined],
    ['GET', '/api/events/getWebhook/shop?label=%00', undefined],
    ['POST', '/api/events/webhook/shop', { enabled: true, label: 'a\0', url: 'https://example.com/' }],
    ['POST', '/api/events/webhook/shop', { enabled: true, authorization: 'a\0' }],
    ['POST', '/api/events/webhook/shop', { enabled: true, events: ['\0'] }],
    ['POST', '/api/events/replay/shop', { id: '\0' }],
    ['POST', '/api/instance/settings/shop', { callRejectMessage: 'a\0' }],
    ['POST', '/api/instance/proxy/shop', { enabled: false, host: 'a\0', username: '\0' }],
    ['GET', '/api/call/info/%00?callId=x', undefined],
    ['DELETE', '/api/account/delete/%00', undefined],
  ])('that have a NUL character are not a fault of the service: %s %s %j', async (method, route, body) => {
    const token = route.includes('/account/') ? stage.adminToken : stage.token;
    if ((await stage.get('/api/instance/list?instanceName=shop')).status === 404)
      await stage.newInstance('shop');
    const { status } = await stage.request(method, route, { token, body });
    expect([400, 404]).toContain(status);
  });

  it('with headers that are too long are told so, HEAD without a body', async () => {
    const cookie = `Cookie: ${'x'.repeat(20_000)}`;
    const [get, head] = [
      await exchange(['GET /api/instance/list HTTP/1.1', cookie]),
      await exchange(['HEAD /api/instance/list HTTP/1.1', cookie]),
    ];
    for (const answer of [get, head]) {
      expect(answer).toMatch(
        /^HTTP\/1\.1 431 .*\r\nX-Request-Id: .*\r\nX-Error-Code: headers_too_large\r\n/s,
      );
    }
    expect(get).toContain(ENVELOPE);
    expect(head).not.toContain(ENVELOPE);
  });

  it('with more headers than the limit are refused, where one of them might be dropped', async () => {
    const padding = (count: number) => Array.from({ length: count }, (_, index) => `X-${index}: 1`);
    const list = 'GET /api/instance/list HTTP/1.1';
    // Host, Connection and token are headers too.
    expect(await exchange([list, ...padding(97), `token: ${stage.token}`])).toMatch(/^HTTP\/1\.1 200 /);
    for (const count of [98, 1000]) {
      const answer = await exchange([list, ...padding(count), `token: ${stage.token}`]);
      expect(answer).toMatch(/^HTTP\/1\.1 431 .*\r\nX-Error-Code: headers_too_large\r\n/s);
      expect(answer).toContain(ENVELOPE);
    }
  });

  it.each([8200, 20_000, 200_000])(
    'with an address of %i characters are told that it is too long',
    async (length) => {
      const answer = await exchange([`GET /api/instance/list?instanceName=${'x'.repeat(length)} HTTP/1.1`]);
      expect(answer).toMatch(/^HTTP\/1\.1 414 .*\r\nX-Error-Code: address_too_long\r\n/s);
      expect(answer).toContain(ENVELOPE);
    },
  );

  it.each(['/api/instance/list?instanceName=caf\xc3\xa9', '/api/call/list/caf\xe9'])(
    'with bytes in the address that are not percent-encoded are told so: %s',
    async (target) => {
      const answer = await exchange([`GET ${target} HTTP/1.1`, `token: ${stage.token}`]);
      expect(answer).toMatch(/^HTTP\/1\.1 400 .*\r\nX-Error-Code: bad_request\r\n/s);
      expect(answer).toContain(ENVELOPE);
    },
  );

  it('that do not say for which host they are get a 400', async () => {
    const answer = await exchange(['GET /health HTTP/1.1'], '', 'X-Host: x');
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*\r\nX-Error-Code: bad_request\r\n/s);
    expect(answer).toContain(ENVELOPE);
  });
});
