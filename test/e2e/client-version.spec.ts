import { isDeepStrictEqual } from 'node:util';
import { HttpProxy } from '../support/http-proxy.js';
import { refusalText } from '../../src/whatsapp/client-version/client-version.js';
import { failure, failureOf } from '../support/failure.js';
import { runSql } from '../support/postgres.js';
import { Stage } from '../support/stage.js';
import { storedSession } from '../support/stored-session.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';
import type { ServiceWorkerAnswer } from '../simulator/index.js';

const CALLEE = '5511970000099';
const BUILT_IN = 1043857760;

describe('the day on which WhatsApp refuses the client version', () => {
  let stage: Stage;
  let receiver: WebhookReceiver;
  /** Grows from test to test, as on the real server. */
  let revision = BUILT_IN;
  let running: Record<string, string> = {};
  beforeAll(async () => {
    stage = await Stage.open({ WEBHOOK_ALLOW_PRIVATE: 'true', PROXY_ALLOW_PRIVATE: 'true' });
    receiver = await WebhookReceiver.start();
    stage.simulator.addContact({ number: CALLEE, devices: [0, 12] });
  });

  afterEach(() => {
    relent();
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(async () => {
    await stage.close();
    await receiver.close();
  });

  const serviceWorker = () => stage.simulator.versions.serviceWorker;
  const served = (): number => serviceWorker().requests.length;

  /** WhatsApp moves on: older clients are refused from now on, and WhatsApp Web is newer. */
  function moveOn(how?: 'refuse' | 'close'): number {
    revision += 1;
    serviceWorker().answer = { kind: 'file', revision };
    stage.simulator.versions.require(revision, how);
    return revision;
  }

  /** The newest client that is known is refused, and WhatsApp Web says nothing that helps. */
  function strand(answer: ServiceWorkerAnswer): void {
    serviceWorker().answer = answer;
    stage.simulator.versions.require(revision + 1);
  }

  /** A product with these variables, the one that runs if it has them. */
  async function runWith(env: Record<string, string>): Promise<void> {
    if (isDeepStrictEqual(env, running)) return;
    running = env;
    await stage.product.stop();
    await stage.restart(env);
  }

  const relent = () => stage.simulator.versions.require(revision);
  /** As after five minutes. */
  const mayAskAgain = () =>
    runSql(stage.databaseUrl, `UPDATE whatsapp_web_version SET asked_at = asked_at - interval '5 minutes'`);

  async function rings(name: string): Promise<void> {
    const { status, body } = await stage.call(name, { number: CALLEE, duration: 1 });
    expect(status).toBe(200);
    expect(await stage.endedCall(name, String(body.callId))).toMatchObject({ outcome: 'completed' });
  }

  const statesToldOf = (name: string): unknown[] =>
    receiver.accepted
      .filter(({ path }) => path === `/hook/${name}`)
      .map(({ body }) => JSON.parse(body) as { event: string; data: Record<string, unknown> })
      .filter(({ event }) => event === 'instance.state')
      .map(({ data }) => data.state);

  async function healthVersion(): Promise<unknown> {
    return (await stage.get('/health')).body.whatsappWebVersion;
  }

  it('asks for the current version once at the start, and goes on with the one of the library when it is the same', async () => {
    await stage.until(() => served() === 1, 'it was asked');
    expect(await healthVersion()).toEqual({ version: `2.3000.${BUILT_IN}`, source: 'built-in' });
    expect(serviceWorker().requests).toEqual([{ at: expect.any(Number), path: '/sw.js' }]);
  });

  it.each(['refuse', 'close'] as const)(
    'goes the whole way by itself: open, refused (%s), healed, rings',
    async (how) => {
      const name = `shop-${how}`;
      const number = how === 'refuse' ? '5511970000001' : '5511970000002';
      await stage.linkedInstance(name, number);
      await stage.post(`/api/events/webhook/${name}`, { enabled: true, url: `${receiver.url}/${name}` });
      await rings(name);
      await mayAskAgain();
      const before = served();
      const logins = stage.simulator.loginCount(number);

      const current = moveOn(how);
      await stage.simulator.waitForLogin(number, { times: logins + 1, timeoutMs: 10_000 });
      await stage.untilStatus(name, 'connected');

      expect(served()).toBe(before + 1);
      await rings(name);
      await stage.until(
        () => statesToldOf(name).slice(-3).join() === 'client_outdated,connecting,connected',
        'the webhooks came',
      );
      const reason = expect.stringContaining(`2.3000.${current - 1}`);
      expect(await stage.instance(name)).toMatchObject({
        connection: { lastDisconnect: { code: 405, reason } },
      });
      expect(await healthVersion()).toEqual({ version: `2.3000.${current}`, source: 'learned' });
      const metrics = String((await stage.get('/metrics')).body.text);
      expect(metrics).toContain(`version_info{version="2.3000.${current}",source="learned"} 1`);
      expect(metrics).toMatch(/^ringdrop_whatsapp_web_version_age_seconds \d/m);
      expect(metrics).toMatch(/^ringdrop_client_version_refused_total [1-9]/m);
      await stage.delete(`/api/instance/delete/${name}`);
    },
  );

  it.each([
    ['a QR code', '', 'qr'],
    ['a pairing code', '?number=5511970000003', 'pairing'],
  ])('heals inside the request that asks for %s', async (_, query, status) => {
    const name = `linking-${status}`;
    await stage.newInstance(name);
    await mayAskAgain();
    const before = served();
    moveOn();

    const answer = await stage.get(`/api/instance/connect/${name}${query}`);

    expect(answer.body).toMatchObject({ success: true, status });
    expect(served()).toBe(before + 1);
    const phone = stage.simulator.addPhone({ number: '5511970000003' });
    if (status === 'qr') await phone.scanQr(String(answer.body.qrCode));
    else await phone.enterPairingCode(String(answer.body.pairingCode));
    await stage.untilStatus(name, 'connected');
  });

  it('heals inside the request that opens a saved session', async () => {
    const number = '5511970000004';
    await stage.linkedInstance('saved', number);
    stage.simulator.refuseLogins(number, 'silence');
    stage.simulator.disconnect(number, { kind: 'close' });
    await stage.untilStatus('saved', 'connecting');
    await mayAskAgain();
    moveOn();
    stage.simulator.refuseLogins(number, undefined);

    const answer = await stage.get('/api/instance/connect/saved');

    expect(answer.body).toEqual({
      success: true,
      message: 'Instance already connected',
      status: 'connected',
    });
  });

  it('is told in words that help when no newer version is known', async () => {
    await stage.newInstance('unlucky');
    await mayAskAgain();
    strand({ kind: 'login-page' });

    for (const query of ['', '?number=5511970000005']) {
      const answer = failureOf(await stage.get(`/api/instance/connect/unlucky${query}`));
      expect(answer).toEqual(failure(502, 'whatsapp_version_rejected', refusalText(revision, 'learning')));
    }
    expect(await stage.instance('unlucky')).toMatchObject({
      status: 'disconnected',
      connection: { lastDisconnect: { code: 405, reason: refusalText(revision, 'learning') } },
    });
  });

  it('keeps trying without an end when no newer version is known, also after SIGKILL, and asks once in five minutes', async () => {
    const number = '5511970000006';
    const { id } = await stage.newInstance('patient');
    await stage.link('patient', number);
    await mayAskAgain();
    const before = served();
    strand({ kind: 'garbage' });
    const attempt = async () => (await storedSession(stage.databaseUrl, id)).attempt ?? 0;

    await stage.until(async () => (await attempt()) >= 3, 'it has tried three times');
    const isOver = 'SELECT answered_at >= asked_at FROM whatsapp_web_version';
    await stage.until(async () => (await runSql(stage.databaseUrl, isOver)) === true, 'the question is over');
    await stage.product.kill();
    const reached = await attempt();
    await stage.restart();
    await stage.until(async () => (await attempt()) > reached, 'it goes on trying', 20_000);
    expect(served()).toBe(before + 1);
    const logins = stage.simulator.loginCount(number);

    relent();
    await stage.simulator.waitForLogin(number, { times: logins + 1, timeoutMs: 25_000 });
    await stage.untilStatus('patient', 'connected');
    await rings('patient');
    expect(stage.product.stdout().match(/the client version, and no newer one is known/g)).toHaveLength(1);
  }, 60_000);

  it('goes through the proxy of a refused instance when there is no direct way', async () => {
    const proxy = await HttpProxy.start('ana', 'pr0xy-secret');
    const number = '5511970000007';
    try {
      proxy.hosts.set('web.whatsapp.com:443', serviceWorker().port);
      // Nobody listens there.
      await runWith({ SIMULATOR_WEB_PORT: '9' });
      await stage.newInstance('behind', {
        proxyEnabled: true,
        proxyHost: '127.0.0.1',
        proxyPort: String(proxy.port),
        proxyProtocol: 'http',
        proxyUsername: 'ana',
        proxyPassword: 'pr0xy-secret',
      });
      await stage.link('behind', number);
      await mayAskAgain();
      const logins = stage.simulator.loginCount(number);

      moveOn();
      await stage.simulator.waitForLogin(number, { times: logins + 1, timeoutMs: 10_000 });

      expect(proxy.tunnels).toContain('web.whatsapp.com:443');
      expect(stage.product.stdout()).not.toContain('pr0xy-secret');
    } finally {
      await proxy.close();
    }
  });

  it('believes nobody whose certificate it cannot verify', async () => {
    await runWith({ NODE_EXTRA_CA_CERTS: '' });
    await stage.linkedInstance('wary', '5511970000008');
    await mayAskAgain();
    const before = served();
    strand({ kind: 'file', revision: revision + 1 });

    await stage.until(
      () => stage.product.stdout().includes('"reason":"UNABLE_TO_VERIFY_LEAF_SIGNATURE"'),
      'the certificate was refused',
    );
    expect(served()).toBe(before);
    expect(await healthVersion()).toMatchObject({ version: `2.3000.${revision}` });
  });

  it('sends what the operator says, whatever is known, and asks nobody', async () => {
    const number = '5511970000010';
    await stage.linkedInstance('told', number);
    await mayAskAgain();
    const before = served();
    serviceWorker().answer = { kind: 'file', revision: revision + 7 };
    stage.simulator.versions.require(revision + 5);
    const logins = stage.simulator.loginCount(number);

    await runWith({ WHATSAPP_WEB_VERSION: `2.3000.${revision + 5}` });
    await stage.simulator.waitForLogin(number, { times: logins + 1, timeoutMs: 10_000 });
    stage.simulator.versions.require(revision + 6);
    await stage.until(async () => {
      const { connection } = await stage.instance('told');
      return JSON.stringify(connection).includes('remove it and allow web.whatsapp.com:443');
    }, 'the operator is told what to do');

    expect(served()).toBe(before);
    expect(await healthVersion()).toEqual({ version: `2.3000.${revision + 5}`, source: 'environment' });
    revision += 6;
  });

  it('starts with what was learned before, and asks no sooner than a day later', async () => {
    const number = '5511970000011';
    serviceWorker().answer = { kind: 'file', revision };
    await mayAskAgain();
    await runWith({});
    await stage.linkedInstance('remembering', number);
    const restarted = async () => {
      const logins = stage.simulator.loginCount(number);
      await stage.restart();
      await stage.simulator.waitForLogin(number, { times: logins + 1, timeoutMs: 20_000 });
    };
    await mayAskAgain();
    moveOn();
    await stage.simulator.waitForLogin(number, { times: 2, timeoutMs: 20_000 });
    const before = served();
    await stage.product.stop();
    await mayAskAgain();

    await restarted();
    expect(served()).toBe(before);
    expect(await healthVersion()).toEqual({ version: `2.3000.${revision}`, source: 'stored' });

    await stage.product.stop();
    await runSql(
      stage.databaseUrl,
      `UPDATE whatsapp_web_version SET learned_at = learned_at - interval '25 hours', asked_at = NULL`,
    );
    await restarted();
    await stage.until(() => served() === before + 1, 'it was asked again');
  });
});
