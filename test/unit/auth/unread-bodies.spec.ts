import { connect, type Socket } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ManualClock } from '../../support/manual-clock.js';
import { ACCOUNT_TOKEN, guardedApp } from './guarded-app.js';

const LOST_WITHIN_MS = 10_000;

describe('the body of a request', () => {
  let app: NestExpressApplication;
  let socket: Socket;
  let answer: string;
  const clock = new ManualClock();

  beforeAll(async () => {
    app = await guardedApp(clock);
    await app.listen(0, '127.0.0.1');
  });

  beforeEach(async () => {
    await clock.advance(60_000);
    answer = '';
    socket = connect(Number(new URL(await app.getUrl()).port), '127.0.0.1');
    socket.on('data', (bytes) => (answer += bytes.toString('latin1')));
    socket.on('error', () => undefined);
  });

  afterEach(() => socket.destroy());

  afterAll(() => app.close());

  const send = (token: string, fields: readonly string[], body = '') =>
    socket.write(
      ['POST /fake/shop HTTP/1.1', 'Host: x', `token: ${token}`, ...fields, '', body].join('\r\n'),
    );
  const until = async (holds: () => boolean, withinMs = 5000): Promise<void> => {
    const deadline = performance.now() + withinMs;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`in vain; the answer so far: ${answer}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const statuses = () => [...answer.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));

  it.each([
    ['of a declared length', 'Content-Length: 50000', '{"a":'],
    ['beyond all limits', 'Content-Length: 5000000000', '{"a":'],
    ['of unknown length', 'Transfer-Encoding: chunked', '5\r\n{"a":\r\n'],
  ])(
    '%s is not waited for when the token is wrong, and must not hold the connection',
    async (_, field, body) => {
      send('rda_unknown', [field], body);
      await until(() => statuses().join() === '401');
      await until(() => socket.closed, LOST_WITHIN_MS);
      expect(statuses()).toEqual([401]);
    },
  );

  it('is neither waited for nor read when the rate limit is used up', async () => {
    for (let n = 0; n < 5; n += 1) send(ACCOUNT_TOKEN, ['Content-Length: 7'], '{"a":1}');
    await until(() => statuses().length === 5);
    send(ACCOUNT_TOKEN, ['Content-Length: 50000'], '{"a":');
    await until(() => statuses().length === 6);
    expect(statuses().at(-1)).toBe(429);
    await until(() => socket.closed, LOST_WITHIN_MS);
  });

  it.each([
    ['too long by its declaration', 'Content-Length: 102401', '{"a":'],
    ['too long as it comes', 'Transfer-Encoding: chunked', `19001\r\n${'x'.repeat(0x19001)}\r\n`],
  ])('is refused at once when it is %s', async (_, field, body) => {
    send(ACCOUNT_TOKEN, [field], body);
    await until(() => statuses().join() === '413');
    await until(() => socket.closed, LOST_WITHIN_MS);
  });

  it('of a refused request leaves the connection to the next request', async () => {
    send('rda_unknown', ['Content-Length: 7'], '{"a":1}');
    send('rda_unknown', ['Transfer-Encoding: chunked'], '7\r\n{"a":1}\r\n0\r\n\r\n');
    send(ACCOUNT_TOKEN, ['Content-Length: 7'], '{"a":1}');
    await until(() => statuses().length === 3);
    expect(statuses()).toEqual([401, 401, 201]);
    expect(socket.closed).toBe(false);
  });

  it('is asked for only when the request is not refused', async () => {
    const fields = ['Content-Length: 7', 'Expect: 100-continue'];
    send(ACCOUNT_TOKEN, fields);
    await until(() => statuses().join() === '100');
    socket.write('{"a":1}');
    await until(() => statuses().join() === '100,201');
    expect(answer).toContain('Connection: keep-alive');
    send('rda_unknown', fields);
    await until(() => socket.closed);
    expect(statuses()).toEqual([100, 201, 401]);
    expect(answer).toContain('Connection: close');
  });
});
