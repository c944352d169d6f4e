import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { runSql } from '../support/postgres.js';
import { Stage } from '../support/stage.js';

/** As many as could connect at a time when no account had a share of its own, and some more. */
const SILENT = 24;
const USUAL = 4;

describe('sessions behind a proxy that says nothing', () => {
  let stage: Stage;
  let proxy: Server;
  const held = new Set<Socket>();

  beforeAll(async () => {
    proxy = createServer((socket) => {
      held.add(socket);
      socket.on('error', () => undefined);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    stage = await Stage.open({ SESSION_OPENS_PER_SECOND: '0', PROXY_ALLOW_PRIVATE: 'true' });
  });

  afterAll(async () => {
    await stage.close();
    for (const socket of held) socket.destroy();
    proxy.close();
  });

  const port = () => (proxy.address() as { port: number }).port;

  it('do not keep those of another account from coming back after a restart', async () => {
    const ownToken = stage.token;
    for (let n = 0; n < SILENT; n += 1) await stage.linkedInstance(`silent-${n}`, `55119411${1000 + n}`);
    const { body } = await stage.post('/api/account/new', { name: 'usual' }, { token: stage.adminToken });
    stage.token = (body.account as { token: string }).token;
    const numbers = Array.from({ length: USUAL }, (_, n) => `55119412${1000 + n}`);
    for (const [n, number] of numbers.entries()) await stage.linkedInstance(`usual-${n}`, number);
    await stage.product.stop();
    await runSql(
      stage.databaseUrl,
      `UPDATE instances SET proxy_enabled = true, proxy_protocol = 'http', proxy_host = '127.0.0.1', proxy_port = ${port()}
       WHERE name LIKE 'silent-%'`,
    );

    await stage.restart();
    const startedAt = performance.now();
    // Theirs are older, so that they are first in line.
    await stage.until(() => held.size >= 10, 'the silent ones wait for their proxy');
    for (const n of numbers.keys()) await stage.untilStatus(`usual-${n}`, 'connected');
    expect(performance.now() - startedAt).toBeLessThan(10_000);

    stage.token = ownToken;
    expect(held.size).toBeLessThan(SILENT);
    expect(await stage.instance('silent-0')).toMatchObject({ status: 'connecting' });
  }, 120_000);
});
