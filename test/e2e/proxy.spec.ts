import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeAuthority, makeCertificate } from '../support/certificates.js';
import { failure, failureOf } from '../support/failure.js';
import { HttpProxy } from '../support/http-proxy.js';
import { runSql } from '../support/postgres.js';
import { Socks5Proxy } from '../support/socks5-proxy.js';
import { Stage } from '../support/stage.js';

const USERNAME = 'ana';
const PASSWORD = 's3cret/p@ss:word';
const NOTHING_LISTENS = 9;
/** One answer for everything that can be wrong with a proxy. */
const UNUSABLE = failure(
  502,
  'whatsapp_unreachable',
  'WhatsApp is not reachable: the proxy could not be used',
);

describe('the proxy of an instance', () => {
  const authority = makeAuthority();
  let stage: Stage;
  let httpProxy: HttpProxy;
  let tlsProxy: HttpProxy;
  let socksProxy: Socks5Proxy;
  const servers: Server[] = [];
  let directory: string;
  /** `host:port` of what the product takes for WhatsApp. */
  let whatsApp: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'proxy-'));
    const authorityFile = path.join(directory, 'authority.pem');
    await writeFile(authorityFile, authority.certPem);
    stage = await Stage.open({ NODE_EXTRA_CA_CERTS: authorityFile, PROXY_ALLOW_PRIVATE: 'true' });
    tlsProxy = await HttpProxy.start(USERNAME, PASSWORD, makeCertificate(['127.0.0.1'], authority));
    httpProxy = await HttpProxy.start(USERNAME, PASSWORD);
    socksProxy = await Socks5Proxy.start(USERNAME, PASSWORD);
    whatsApp = new URL(stage.simulator.url).host;
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(async () => {
    await stage.close();
    await httpProxy.close();
    await tlsProxy.close();
    for (const server of servers) server.close();
    await rm(directory, { recursive: true });
    await socksProxy.close();
  });

  const throughHttp = (password = PASSWORD) => proxyFields('http', httpProxy.port, password);
  const throughTls = (password = PASSWORD) => proxyFields('https', tlsProxy.port, password);
  const throughSocks = (password = PASSWORD) => proxyFields('socks5', socksProxy.port, password);

  it.each([
    { protocol: 'http', number: '5511940000001', open: () => ({ proxy: httpProxy, fields: throughHttp() }) },
    { protocol: 'https', number: '5511940000006', open: () => ({ proxy: tlsProxy, fields: throughTls() }) },
    {
      protocol: 'socks5',
      number: '5511940000002',
      open: () => ({ proxy: socksProxy, fields: throughSocks() }),
    },
  ])(
    'carries linking, the session and a call when it speaks $protocol',
    async ({ protocol, number, open }) => {
      const { proxy, fields } = open();
      const tunnelsBefore = proxy.tunnels.length;
      const callee = `${number}9`;
      stage.simulator.addContact({ number: callee });
      await stage.newInstance(`via-${protocol}`, fields);

      await stage.link(`via-${protocol}`, number);

      // One connection to be linked, and one after the restart that WhatsApp asks for.
      expect(proxy.tunnels.slice(tunnelsBefore)).toEqual([whatsApp, whatsApp]);
      const answer = await stage.call(`via-${protocol}`, { number: callee, duration: 1 });
      expect(answer.status).toBe(200);
      const ended = await stage.endedCall(`via-${protocol}`, String(answer.body.callId));
      expect(ended).toMatchObject({ outcome: 'completed' });
      expect(proxy.tunnels.slice(tunnelsBefore)).toHaveLength(2);
    },
  );

  it.each([
    { protocol: 'http', open: () => ({ proxy: httpProxy, fields: throughHttp('wr0ng/p@ss') }) },
    { protocol: 'https', open: () => ({ proxy: tlsProxy, fields: throughTls('wr0ng/p@ss') }) },
    { protocol: 'socks5', open: () => ({ proxy: socksProxy, fields: throughSocks('wr0ng/p@ss') }) },
  ])(
    'makes WhatsApp unreachable when the $protocol proxy refuses the password, which stays secret',
    async ({ protocol, open }) => {
      const { proxy, fields } = open();
      const tunnelsBefore = proxy.tunnels.length;
      await stage.newInstance(`refused-${protocol}`, fields);

      const answer = await stage.get(`/api/instance/connect/refused-${protocol}`);

      expect(failureOf(answer)).toEqual(UNUSABLE);
      expect(proxy.refused).toBe(1);
      expect(proxy.tunnels).toHaveLength(tunnelsBefore);
      const told = [
        answer.body,
        await stage.instance(`refused-${protocol}`),
        stage.product.stdout(),
        stage.product.stderr(),
      ];
      expect(JSON.stringify(told)).not.toMatch(/wr0ng|p%40ss/);
    },
  );

  it.each([
    ['signed by an unknown authority', 'unknown', () => makeCertificate(['127.0.0.1'], makeAuthority())],
    ['for another name', 'other-name', () => makeCertificate(['proxy.example'], authority)],
    ['that has expired', 'expired', () => makeCertificate(['127.0.0.1'], authority, -1)],
  ])('is told no password when it speaks https with a certificate %s', async (_, name, certificate) => {
    const impostor = await HttpProxy.start(USERNAME, PASSWORD, certificate());
    try {
      await stage.newInstance(name, proxyFields('https', impostor.port, PASSWORD));

      const answer = await stage.get(`/api/instance/connect/${name}`);

      expect(failureOf(answer)).toEqual(UNUSABLE);
      expect([impostor.tunnels, impostor.refused]).toEqual([[], 0]);
    } finally {
      await impostor.close();
    }
  });

  it('says the same of whatever listens, or does not, at the port of a proxy; the log says more', async () => {
    const noProxy = createServer((client) =>
      client.on('error', () => undefined).end('220 mail.example\r\n\r\n'),
    );
    servers.push(noProxy);
    await once(noProxy.listen(0, '127.0.0.1'), 'listening');
    const { port } = noProxy.address() as AddressInfo;
    await stage.newInstance('scanning');
    const told = new Set<string>();

    for (const protocol of ['http', 'https', 'socks5'] as const) {
      for (const probed of [NOTHING_LISTENS, port]) {
        await stage.post('/api/instance/proxy/scanning', proxyFields(protocol, probed, PASSWORD));
        const answer = await stage.get('/api/instance/connect/scanning');
        expect(failureOf(answer)).toEqual(UNUSABLE);
        const { connection } = await stage.instance('scanning');
        const { code, reason } = (connection as { lastDisconnect: Record<string, unknown> }).lastDisconnect;
        told.add(JSON.stringify({ code, reason }));
      }
    }

    expect([...told]).toEqual([JSON.stringify({ code: 408, reason: 'the proxy could not be used' })]);
    expect(stage.product.stdout()).toContain(`"reason":"connect ECONNREFUSED 127.0.0.1:${NOTHING_LISTENS}"`);
    expect(stage.product.stdout()).toContain(`"port":${port},"reason":"the answer of the proxy is not HTTP"`);
  });

  it('changes under an open session, which goes on through the new one and later without any', async () => {
    const number = '5511940000003';
    await stage.linkedInstance('moving', number);
    const httpBefore = httpProxy.tunnels.length;
    const socksBefore = socksProxy.tunnels.length;
    const moveTo = async (body: Record<string, unknown>, logins: number): Promise<void> => {
      expect((await stage.post('/api/instance/proxy/moving', body)).status).toBe(200);
      await stage.simulator.waitForLogin(number, { times: logins });
      await stage.untilStatus('moving', 'connected');
    };

    await moveTo(throughHttp(), 2);
    expect(httpProxy.tunnels).toHaveLength(httpBefore + 1);
    const openThroughHttp = httpProxy.openTunnels;

    await moveTo(throughSocks(), 3);
    expect(socksProxy.tunnels).toHaveLength(socksBefore + 1);
    await stage.until(() => httpProxy.openTunnels === openThroughHttp - 1, 'the tunnel before is closed');

    await moveTo({ enabled: false }, 4);
    expect(httpProxy.tunnels).toHaveLength(httpBefore + 1);
    expect(socksProxy.tunnels).toHaveLength(socksBefore + 1);
    expect(stage.simulator.sessions.filter((session) => session.number === number)).toHaveLength(1);
  });

  it('keeps an open session waiting while its password is wrong, and lets it in once it is right', async () => {
    const number = '5511940000005';
    await stage.newInstance('mistyped', throughHttp());
    await stage.link('mistyped', number);
    const refusedBefore = httpProxy.refused;
    const logins = stage.simulator.loginCount(number);

    await stage.post('/api/instance/proxy/mistyped', throughHttp('wr0ng/p@ss'));
    await stage.until(() => httpProxy.refused >= refusedBefore + 2, 'it was tried twice');

    expect(await stage.instance('mistyped')).toMatchObject({
      connection: {
        lastDisconnect: { code: 408, reason: 'the proxy could not be used' },
      },
    });
    expect(stage.simulator.loginCount(number)).toBe(logins);
    await stage.post('/api/instance/proxy/mistyped', throughHttp());
    await stage.simulator.waitForLogin(number, { times: logins + 1 });
    await stage.untilStatus('mistyped', 'connected');
  });

  it('is used by the saved session after a restart', async () => {
    const number = '5511940000004';
    await stage.newInstance('restarted', throughHttp());
    await stage.link('restarted', number);
    const before = httpProxy.tunnels.length;
    const logins = stage.simulator.loginCount(number);

    await stage.product.stop();
    await stage.restart();
    await stage.simulator.waitForLogin(number, { times: logins + 1 });

    expect(httpProxy.tunnels.length).toBeGreaterThan(before);
  });

  it('never tells its password, and keeps it sealed', async () => {
    const { id } = await stage.newInstance('secretive', throughSocks());
    const shown = {
      enabled: true,
      host: '127.0.0.1',
      port: String(socksProxy.port),
      protocol: 'socks5',
      username: USERNAME,
    };

    const answers = [
      await stage.post('/api/instance/proxy/secretive', throughSocks()),
      await stage.get('/api/instance/getProxy/secretive'),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ body }) => body)).toEqual([
      { success: true, message: 'Proxy configuration updated successfully', proxy: shown },
      { success: true, message: 'Proxy configuration retrieved successfully', proxy: shown },
    ]);
    expect(await stage.instance('secretive')).toMatchObject({ proxy: shown });
    expect(JSON.stringify(await stage.instance('secretive'))).not.toContain(PASSWORD);
    const stored = await runSql(stage.databaseUrl, `SELECT proxy_password FROM instances WHERE id = '${id}'`);
    if (!Buffer.isBuffer(stored)) throw new Error('no password is stored');
    expect(stored.length).toBeGreaterThan(PASSWORD.length);
    expect(stored.includes(PASSWORD)).toBe(false);
    expect(stage.product.stdout() + stage.product.stderr()).not.toContain(PASSWORD);
  });
});

function proxyFields(protocol: 'http' | 'https' | 'socks5', port: number, password: string) {
  return {
    proxyEnabled: true,
    proxyHost: '127.0.0.1',
    proxyPort: String(port),
    proxyProtocol: protocol,
    proxyUsername: USERNAME,
    proxyPassword: password,
  };
}
