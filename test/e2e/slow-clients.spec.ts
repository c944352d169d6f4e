import { SLOW_WAYS, SlowClient } from '../support/slow-client.js';
import { Stage } from '../support/stage.js';
import { freePort } from '../../src/database/embedded/server-address.js';

const REQUEST_TIMEOUT_MS = 2000;
/** How late a loaded machine may notice a time-out; the server itself looks once a second. */
const LATENESS_MS = 8000;
const MAX_CONNECTIONS = 40;

describe('slow clients', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({
      REQUEST_TIMEOUT_SECONDS: String(REQUEST_TIMEOUT_MS / 1000),
      MAX_CONNECTIONS: String(MAX_CONNECTIONS),
      MAX_CONNECTIONS_PER_ADDRESS: String(MAX_CONNECTIONS),
    });
  });

  afterAll(() => stage.close());

  const isServed = async () => (await stage.get('/api/instance/list')).status === 200;

  it('are cut, whatever they never finish to send, while others are served', async () => {
    const clients = Object.entries(SLOW_WAYS).map(([way, open]) => ({
      way,
      client: open(stage.product.url, undefined, stage.token),
    }));
    let served = 0;
    while (clients.some(({ client }) => client.livedMs === undefined)) {
      expect(await isServed()).toBe(true);
      served += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(served).toBeGreaterThan(5);
    for (const { way, client } of clients) {
      const limitMs = way.includes('body') ? REQUEST_TIMEOUT_MS : REQUEST_TIMEOUT_MS / 2;
      expect({ way, ...outcome(client) }).toEqual({
        way,
        isTimeout: true,
        isEnvelope: true,
        livedMs: expect.any(Number),
      });
      expect(client.livedMs).toBeGreaterThan(limitMs - 100);
      expect(client.livedMs).toBeLessThan(limitMs + LATENESS_MS);
    }
  }, 30_000);

  it('that never close their side either are gone all the same', async () => {
    const client = new SlowClient(stage.product.url, '', 'nonsense\r\n\r\n');
    await stage.until(() => client.answer.includes('bad_request'), 'the answer');
    await client.closed;
  });

  it.each([
    ['an address that is too long', `POST /${'a'.repeat(9000)} HTTP/1.1`, '414'],
    ['a path that cannot be read', 'POST /api/%ff HTTP/1.1', '400'],
    ['OPTIONS', 'OPTIONS /api/instance/list HTTP/1.1', '204'],
  ])(
    'do not hold the connection with the body of a request that no route sees: %s',
    async (_, line, status) => {
      const head = `${line}\r\nHost: x\r\nContent-Length: 50000\r\n\r\n`;
      const client = new SlowClient(stage.product.url, '', head);
      await stage.until(() => client.answer.startsWith(`HTTP/1.1 ${status} `), 'the answer');
      const answeredMs = performance.now();
      await client.closed;
      expect(performance.now() - answeredMs).toBeLessThan(REQUEST_TIMEOUT_MS - 500);
    },
  );

  it('get no connection beyond the limit, and leave their places when they are cut', async () => {
    const clients = Array.from({ length: MAX_CONNECTIONS + 20 }, () => new SlowClient(stage.product.url, ''));
    const cutAtOnce = () => clients.filter(({ answer, livedMs }) => answer === '' && livedMs !== undefined);
    await stage.until(() => cutAtOnce().length >= 20, 'the connections beyond the limit are closed');
    await Promise.all(clients.map(({ closed }) => closed));
    expect(clients.filter(({ answer }) => answer.startsWith('HTTP/1.1 408 ')).length).toBeGreaterThan(
      MAX_CONNECTIONS / 2,
    );
    expect(await isServed()).toBe(true);
    expect(stage.product.stdout()).toContain('Connections were closed, because too many are open');
  });

  it('of a crowd from one address keep neither others nor probes out', async () => {
    await stage.product.stop();
    const probePort = await freePort(null);
    await stage.restart({ MAX_CONNECTIONS_PER_ADDRESS: '', PROBE_PORT: String(probePort) });
    const crowd = Array.from({ length: MAX_CONNECTIONS + 20 }, () => new SlowClient(stage.product.url, ''));
    const closed = () => crowd.filter(({ livedMs }) => livedMs !== undefined).length;
    // A quarter of all is what one address may hold.
    await stage.until(() => closed() >= MAX_CONNECTIONS * 0.75 + 20, 'the crowd has its share');
    for (const path of ['/health', '/health/live', '/health/ready', '/metrics', '/api/instance/list'])
      expect((await stage.get(path)).status).toBe(200);
    const probes = `http://127.0.0.1:${probePort}`;
    expect((await fetch(`${probes}/health/live`)).status).toBe(200);
    expect((await fetch(`${probes}/metrics`)).status).toBe(200);
    expect((await fetch(`${probes}/api/instance/list`, { headers: { token: stage.token } })).status).toBe(
      404,
    );
    for (const client of crowd) client.destroy();
  });
});

function outcome({ answer, livedMs }: SlowClient) {
  return {
    isTimeout: answer.startsWith('HTTP/1.1 408 Request Timeout\r\n'),
    isEnvelope:
      answer.includes('\r\nX-Error-Code: request_timeout\r\n') &&
      answer.endsWith('{"success":false,"error":{"message":"Request was not received in time"}}'),
    livedMs,
  };
}
