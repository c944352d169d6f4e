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
  const exchange = (head: readonly string[], body = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      let text = '';
      const socket = connect(Number(new URL(stage.product.url).port), '127.0.0.1', () =>
        socket.write([...head, 'Host: x', 'Connection: close', '', body].join('\r\n')),
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

  it('with headers that are too long are told so, HEAD without a body', async () => {
    const cookie = `Cookie: ${'x'.repeat(20_000)}`;
    const [get, head] = [
      await exchange(['GET /api/instance/list HTTP/1.1', cookie]),
      await exchange(['HEAD /api/instance/list HTTP/1.1', cookie]),
    ];
    for (const answer of [get, head]) expect(answer).toMatch(/^HTTP\/1\.1 431 .*\r\nX-Request-Id: /s);
    expect(get).toContain(ENVELOPE);
    expect(head).not.toContain(ENVELOPE);
  });
});
