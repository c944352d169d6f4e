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
        socket.write([...head, host, 'Connection: close', '', body].join('\r\n')),
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

  it.each(['nonsense', 'utf-16', '"'])(
    'that claim the charset %s are read as UTF-8 all the same',
    async (charset) => {
      const headers = { 'Content-Type': `application/json; charset=${charset}` };
      const name = `in-${charset.replace(/\W/g, 'x')}`;
      expect((await stage.post('/api/instance/new', { name }, { headers })).status).toBe(201);
      // A body of no length is no body.
      const head = [
        'POST /api/instance/share/none HTTP/1.1',
        `token: ${stage.token}`,
        'Transfer-Encoding: chunked',
      ];
      const answer = await exchange([...head, `Content-Type: ${headers['Content-Type']}`], '0\r\n\r\n');
      expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    },
  );

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

  it('that do not say for which host they are get a 400', async () => {
    const answer = await exchange(['GET /health HTTP/1.1'], '', 'X-Host: x');
    expect(answer).toMatch(/^HTTP\/1\.1 400 .*\r\nX-Error-Code: bad_request\r\n/s);
    expect(answer).toContain(ENVELOPE);
  });
});
