import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { get as getSecurely } from 'node:https';
import { createServer, isIPv4, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { NetworkProxy } from '../../../src/whatsapp/whatsapp.gateway.js';
import { HttpProxy } from '../../support/http-proxy.js';
import { ManualClock } from '../../support/manual-clock.js';
import { Socks5Proxy } from '../../support/socks5-proxy.js';
import { FakeInternet } from '../common/net/support/fake-internet.js';
import { agentFor } from './support/proxy-agents.js';

const HOST = 'web.example';
const PUBLIC = '93.184.216.34';
const PROTOCOLS = ['http', 'https', 'socks5'] as const;
const NOTHING_LISTENS = 9;
/** All that the owner of an instance can learn. */
const UNUSABLE = { name: 'ProxyUnusable', message: 'the proxy could not be used', code: 'EPROXY' };

const servers: Server[] = [];
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.close();
  jest.restoreAllMocks();
});

/** A service that does with each client what the test says. */
async function serviceThat(serve: (client: Socket) => void): Promise<number> {
  const server = createServer((client) => {
    clients.push(client.on('error', () => undefined));
    serve(client);
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function proxyAt(port: number, more: Partial<NetworkProxy> = {}): NetworkProxy {
  return { protocol: 'http', host: '127.0.0.1', port, username: null, password: null, ...more };
}

type Circumstances = Partial<Parameters<typeof agentFor>[1]> & { readonly isSecure?: boolean };

/** Asks the destination through the proxy: the answer, or why there is none; and the log. */
function ask(proxy: NetworkProxy, { allowPrivate = true, isSecure = false, ...more }: Circumstances = {}) {
  const { agent, log } = agentFor(proxy, { allowPrivate, ...more });
  const request = (isSecure ? getSecurely : get)({ agent, host: HOST, port: 443, path: '/secret-path' });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  return { answer, log };
}

const answering = (answer: string) => (client: Socket) => client.once('data', () => client.end(answer));
const resolvingTo = (addresses: readonly string[]) => () =>
  Promise.resolve(addresses.map((address) => ({ address, family: isIPv4(address) ? 4 : 6 })));

describe('a proxy that cannot be used has one reason for its owner, and the cause in the log', () => {
  it.each(PROTOCOLS)('when nothing listens at the port of the %s proxy', async (protocol) => {
    const { answer, log } = ask(proxyAt(NOTHING_LISTENS, { protocol }));

    await expect(answer).rejects.toMatchObject(UNUSABLE);
    expect(log.lines).toEqual([
      {
        level: 'warn',
        sentence: 'A proxy could not be used',
        details: {
          instanceId: 'instance-1',
          protocol,
          host: '127.0.0.1',
          port: NOTHING_LISTENS,
          code: 'ECONNREFUSED',
          reason: `connect ECONNREFUSED 127.0.0.1:${NOTHING_LISTENS}`,
        },
      },
    ]);
  });

  it.each([
    ['hangs up at once', (client: Socket) => client.destroy()],
    ['hangs up instead of an answer', (client: Socket) => client.once('data', () => client.end())],
    ['resets the connection', (client: Socket) => client.once('data', () => client.resetAndDestroy())],
    ['speaks another protocol', answering('SSH-2.0-OpenSSH_9.6\r\n\r\n')],
    ['refuses', answering('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n')],
    ['answers as a web server', answering('HTTP/1.0 503 Service Unavailable\r\n\r\n')],
    ['talks without end', (client: Socket) => client.once('data', () => client.write('x'.repeat(20_000)))],
    ['opens a tunnel that leads nowhere', answering('HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH_9.6\r\n')],
  ])('when whatever listens there %s', async (_, serve) => {
    const port = await serviceThat(serve);
    for (const protocol of PROTOCOLS) {
      const { answer, log } = ask(proxyAt(port, { protocol }), { isSecure: true });
      await expect(answer).rejects.toMatchObject(UNUSABLE);
      expect(log.lines).toEqual([
        expect.objectContaining({ details: expect.objectContaining({ protocol, port }) }),
      ]);
    }
  });

  it.each(PROTOCOLS)('when the %s proxy says nothing for 15 seconds', async (protocol) => {
    const clock = new ManualClock();
    const arrived = new Promise<void>((resolve) => {
      void serviceThat(() => resolve()).then((port) => {
        pending = ask(proxyAt(port, { protocol }), { clock });
        void pending.answer.catch(() => undefined);
      });
    });
    let pending: ReturnType<typeof ask> | undefined;
    await arrived;

    await clock.advance(15_000);

    await expect(pending?.answer).rejects.toMatchObject(UNUSABLE);
    expect(pending?.log.lines[0]?.details).toMatchObject({
      reason: 'no connection through the proxy within 15 seconds',
    });
  });

  it.each([
    [
      'has no address',
      () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
      'dns_failed',
    ],
    ['resolves to a private address', resolvingTo(['10.0.0.5']), 'target_refused'],
    ['resolves to this machine', resolvingTo(['::1']), 'target_refused'],
    ['resolves to the metadata service', resolvingTo(['169.254.169.254']), 'target_refused'],
    ['resolves to a public and a private address', resolvingTo([PUBLIC, '192.168.0.1']), 'target_refused'],
  ])('when its name %s', async (_, resolve, reason) => {
    const internet = new FakeInternet();
    for (const protocol of PROTOCOLS) {
      const proxy = proxyAt(1080, { protocol, host: 'proxy.example.com' });
      const { answer, log } = ask(proxy, { allowPrivate: false, resolve });
      await expect(answer).rejects.toMatchObject(UNUSABLE);
      expect(log.lines[0]?.details).toMatchObject({ host: 'proxy.example.com', port: 1080, reason });
    }
    expect(internet.dialled).toEqual([]);
  });

  it.each(['127.0.0.1', '10.1.2.3', '::1', '::ffff:10.0.0.1', '169.254.169.254'])(
    'when it was stored with the address %s before only public ones were allowed',
    async (host) => {
      const internet = new FakeInternet();
      const { answer, log } = ask(proxyAt(1080, { host }), { allowPrivate: false });
      await expect(answer).rejects.toMatchObject(UNUSABLE);
      expect(log.lines[0]?.details).toMatchObject({ host, reason: 'target_refused' });
      expect(internet.dialled).toEqual([]);
    },
  );
});

describe('a proxy with a public address', () => {
  it.each([
    ['http', HttpProxy],
    ['socks5', Socks5Proxy],
  ] as const)('is used over %s, at the very address that was checked', async (protocol, Proxy) => {
    const port = await serviceThat(answering('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'));
    const proxy = await Proxy.start('ana', 'secret');
    const internet = new FakeInternet().route(PUBLIC, proxy.port).route('127.0.0.1', port);
    const answers = [[PUBLIC], ['127.0.0.1']];
    const resolve = () => resolvingTo(answers.shift() ?? [])();
    try {
      const fields = proxyAt(1080, { protocol, host: 'rebind.example', username: 'ana', password: 'secret' });
      const { answer } = ask(fields, { allowPrivate: false, resolve });
      await answer.catch(() => undefined);
      expect(internet.dialled[0]).toBe(PUBLIC);
      expect(answers).toHaveLength(1);
    } finally {
      await proxy.close();
    }
  });
});

describe('a tunnel', () => {
  it('may be silent for as long as it likes: no time limit of its opening stays on its socket', async () => {
    const proxy = await Socks5Proxy.start('ana', 'secret');
    const port = await serviceThat(answering('HTTP/1.1 204 No Content\r\n\r\n'));
    const fields = proxyAt(proxy.port, { protocol: 'socks5', username: 'ana', password: 'secret' });
    const { agent } = agentFor(fields, { allowPrivate: true });
    const request = get({ agent, host: '127.0.0.1', port });
    try {
      await once(request, 'response');
      expect(request.socket?.timeout ?? 0).toBe(0);
    } finally {
      request.destroy();
      await proxy.close();
    }
  });

  it('that is reset as soon as it is open fails the request only', async () => {
    const port = await serviceThat((client) => {
      client.once('data', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n', () => client.resetAndDestroy());
      });
    });
    await expect(ask(proxyAt(port)).answer).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('is asked for without the request that goes through it', async () => {
    const heard: string[] = [];
    const port = await serviceThat((client) => {
      client.on('data', (bytes) => heard.push(bytes.toString()));
      client.once('data', () => client.write('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    });
    await expect(ask(proxyAt(port)).answer).rejects.toMatchObject(UNUSABLE);
    expect(heard.join('')).toBe(
      `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\nProxy-Connection: close\r\n\r\n`,
    );
  });

  it('may be opened in pieces, the last together with the first bytes of the destination', async () => {
    const port = await serviceThat((client) => {
      client.once('data', () => {
        client.write('HTTP/1.1 200 Connection est');
        setImmediate(() =>
          client.write('ablished\r\nVia: me\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'),
        );
      });
    });
    expect((await ask(proxyAt(port)).answer).statusCode).toBe(204);
  });
});
