import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeAuthority, makeCertificate } from '../support/certificates.js';
import { HttpProxy } from '../support/http-proxy.js';
import { runSql } from '../support/postgres.js';
import { Socks5Proxy } from '../support/socks5-proxy.js';
import { Stage } from '../support/stage.js';

const USERNAME = 'ana';
const PASSWORD = 's3cret/p@ss:word';

describe('the proxy of an instance', () => {
  const authority = makeAuthority();
  let stage: Stage;
  let httpProxy: HttpProxy;
  let tlsProxy: HttpProxy;
  let socksProxy: Socks5Proxy;
  let directory: string;
  /** `host:port` of what the product takes for WhatsApp. */
  let whatsApp: string;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'proxy-'));
    const authorityFile = path.join(directory, 'authority.pem');
    await writeFile(authorityFile, authority.certPem);
    stage = await Stage.open({ NODE_EXTRA_CA_CERTS: authorityFile });
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

      expect(answer.status).toBe(502);
      expect(answer.headers.get('x-error-code')).toBe('whatsapp_unreachable');
      expect(answer.body).toEqual({
        success: false,
        error: { message: expect.stringMatching(/^WhatsApp is not reachable: .*(407|[Aa]uthentication)/) },
      });
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

      expect(answer.status).toBe(502);
      expect(answer.headers.get('x-error-code')).toBe('whatsapp_unreachable');
      expect([impostor.tunnels, impostor.refused]).toEqual([[], 0]);
    } finally {
      await impostor.close();
    }
  });

  it('says why a proxy that is not there cannot be used', async () => {
    await stage.newInstance('no-proxy', proxyFields('http', 9, PASSWORD));

    const { status, body } = await stage.get('/api/instance/connect/no-proxy');

    expect(status).toBe(502);
    expect(body).toMatchObject({
      error: { message: 'WhatsApp is not reachable: connect ECONNREFUSED 127.0.0.1:9' },
    });
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
        lastDisconnect: { code: 428, reason: 'unexpected HTTP answer 407 Proxy Authentication Required' },
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
