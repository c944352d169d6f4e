import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ConnectProxyAgent } from '../../../src/whatsapp/connect-proxy-agent.js';

const TIMEOUT_MS = 60;
const HOST = 'web.example';

const servers: Server[] = [];
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of servers.splice(0)) server.close();
});

/** A proxy that does with each client what the test says. */
async function proxyThat(serve: (client: Socket) => void): Promise<number> {
  const server = createServer((client) => {
    clients.push(client.on('error', () => undefined));
    serve(client);
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Asks the destination through the proxy; resolves with its answer. */
async function askThrough(port: number, protocol = 'http', path = '/'): Promise<IncomingMessage> {
  const agent = new ConnectProxyAgent(new URL(`${protocol}://127.0.0.1:${port}`), TIMEOUT_MS);
  const request = get({ agent, host: HOST, port: 443, path });
  return new Promise((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
}

const answering = (answer: string) => (client: Socket) => client.once('data', () => client.end(answer));

describe('a proxy', () => {
  it.each(['http', 'https'])(
    'over %s that hangs up at once fails the request and nothing else',
    async (protocol) => {
      const port = await proxyThat((client) => client.destroy());
      await expect(askThrough(port, protocol)).rejects.toMatchObject({ code: 'ECONNRESET' });
    },
  );

  it.each(['http', 'https'])(
    'over %s that hangs up instead of an answer fails the request only',
    async (protocol) => {
      const port = await proxyThat((client) => client.once('data', () => client.end()));
      await expect(askThrough(port, protocol)).rejects.toMatchObject({ code: 'ECONNRESET' });
    },
  );

  it.each(['http', 'https'])(
    'over %s that resets the connection fails the request only',
    async (protocol) => {
      const port = await proxyThat((client) => client.once('data', () => client.resetAndDestroy()));
      await expect(askThrough(port, protocol)).rejects.toMatchObject({ code: 'ECONNRESET' });
    },
  );

  it.each(['http', 'https'])('over %s that says nothing is given up in time', async (protocol) => {
    const port = await proxyThat(() => undefined);
    await expect(askThrough(port, protocol)).rejects.toMatchObject({ code: 'ETIMEDOUT' });
  });

  it('that resets a tunnel which it has just opened fails the request only', async () => {
    const port = await proxyThat((client) => {
      client.once('data', () => {
        client.write('HTTP/1.1 200 OK\r\n\r\n', () => client.resetAndDestroy());
      });
    });
    await expect(askThrough(port)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('that talks without end is given up', async () => {
    const port = await proxyThat((client) => client.once('data', () => client.write('x'.repeat(20_000))));
    await expect(askThrough(port)).rejects.toThrow('the proxy talks nonsense');
  });

  it.each([
    [
      407,
      'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n',
    ],
    [503, 'HTTP/1.0 503 Service Unavailable\r\n\r\n'],
  ])('that refuses with %i is heard, and never gets the request', async (status, answer) => {
    const heard: string[] = [];
    const port = await proxyThat((client) => {
      client.on('data', (bytes) => heard.push(bytes.toString()));
      client.once('data', () => client.write(answer));
    });
    const response = await askThrough(port, 'http', '/secret-path');
    expect(response.statusCode).toBe(status);
    expect(heard.join('')).toBe(
      `CONNECT ${HOST}:443 HTTP/1.1\r\nHost: ${HOST}:443\r\nProxy-Connection: close\r\n\r\n`,
    );
  });

  it('that does not speak HTTP is a failure', async () => {
    const port = await proxyThat(answering('SSH-2.0-OpenSSH_9.6\r\n\r\n'));
    await expect(askThrough(port)).rejects.toThrow();
  });

  it('may send its answer in pieces, the last together with the first bytes of the destination', async () => {
    const port = await proxyThat((client) => {
      client.once('data', () => {
        client.write('HTTP/1.1 200 Connection est');
        setImmediate(() =>
          client.write('ablished\r\nVia: me\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'),
        );
      });
    });
    expect((await askThrough(port)).statusCode).toBe(204);
  });
});
