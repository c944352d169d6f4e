import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import { get as getSecurely } from 'node:https';
import { createServer as createListener, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NetworkProxy } from '../../../src/whatsapp/whatsapp.gateway.js';
import { HttpProxy } from '../../support/http-proxy.js';
import { Socks5Proxy } from '../../support/socks5-proxy.js';
import { agentFor } from './support/proxy-agents.js';

const USERNAME = 'us:er@host/ü %41';
const PASSWORD = 'p@ss/w:rd?#[%20]+&é ';
const TLS_HANDSHAKE = 0x16;
const itWithIpv6 = networkInterfaces().lo?.some(({ address }) => address === '::1') ? it : it.skip;

const target = createServer((_request, response) => response.end('hello'));
let targetPort: number;

beforeAll(async () => {
  await once(target.listen(0, '127.0.0.1'), 'listening');
  targetPort = portOf(target.address());
});
afterAll(() => void target.close());

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function proxyAt(port: number, rest: Partial<NetworkProxy>): NetworkProxy {
  return { protocol: 'http', host: '127.0.0.1', port, username: USERNAME, password: PASSWORD, ...rest };
}

/** The status of a request to `host` through the proxy. */
async function requestThrough(proxy: NetworkProxy, host = '127.0.0.1'): Promise<number | undefined> {
  const { agent } = agentFor(proxy, { allowPrivate: true });
  const request = get({ agent, host, port: targetPort });
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).once('error', reject);
    });
    response.resume();
    await once(response, 'end');
    return response.statusCode;
  } finally {
    request.destroy();
    agent.destroy();
  }
}

describe.each([
  ['http', HttpProxy],
  ['socks5', Socks5Proxy],
] as const)('a tunnel through an %s proxy', (protocol, Proxy) => {
  it('is opened with credentials that hold every special character', async () => {
    const proxy = await Proxy.start(USERNAME, PASSWORD);
    try {
      expect(await requestThrough(proxyAt(proxy.port, { protocol }))).toBe(200);
      expect(proxy.tunnels).toEqual([`127.0.0.1:${targetPort}`]);
    } finally {
      await proxy.close();
    }
  });

  it('is not opened with a wrong password', async () => {
    const proxy = await Proxy.start(USERNAME, PASSWORD);
    try {
      await requestThrough(proxyAt(proxy.port, { protocol, password: 'wrong' })).catch(() => undefined);
      expect(proxy.refused).toBe(1);
      expect(proxy.tunnels).toEqual([]);
    } finally {
      await proxy.close();
    }
  });

  it('leaves the lookup of names to the proxy', async () => {
    const proxy = await Proxy.start(USERNAME, PASSWORD);
    try {
      expect(await requestThrough(proxyAt(proxy.port, { protocol }), 'localhost')).toBe(200);
      expect(proxy.tunnels).toEqual([`localhost:${targetPort}`]);
    } finally {
      await proxy.close();
    }
  });
});

it('carries TLS to the destination itself, whose name it asks for', async () => {
  const proxy = await HttpProxy.start(USERNAME, PASSWORD);
  const hello: Buffer[] = [];
  const destination = createListener((client) => {
    client
      .on('error', () => undefined)
      .once('data', (bytes) => {
        hello.push(bytes);
        client.destroy();
      });
  });
  await once(destination.listen(0, '127.0.0.1'), 'listening');
  const { agent } = agentFor(proxyAt(proxy.port, {}), { allowPrivate: true });
  try {
    const request = getSecurely({ agent, host: 'localhost', port: portOf(destination.address()) });
    await new Promise((resolve) => request.once('error', resolve));
    expect(hello[0]?.[0]).toBe(TLS_HANDSHAKE);
    expect(hello[0]?.includes('localhost')).toBe(true);
  } finally {
    agent.destroy();
    destination.close();
    await proxy.close();
  }
});

describe.each(['http', 'https', 'socks5'] as const)('an %s proxy with an IPv6 address', (protocol) => {
  itWithIpv6('is reached', async () => {
    const reached: string[] = [];
    const listener = createListener((client) => {
      reached.push(client.localAddress ?? '');
      client.on('error', () => undefined).destroy();
    });
    await once(listener.listen(0, '::1'), 'listening');
    try {
      const proxy = proxyAt(portOf(listener.address()), { protocol, host: '::1' });
      await expect(requestThrough(proxy)).rejects.toThrow();
      expect(reached).toEqual(['::1']);
    } finally {
      listener.close();
    }
  });
});
