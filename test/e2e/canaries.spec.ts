import { randomBytes } from 'node:crypto';
import { derivedLid } from '../simulator/index.js';
import { findCanaries, type Canary } from '../support/canaries.js';
import { Stage, type Answer } from '../support/stage.js';
import { StoredSecrets } from '../support/stored-secrets.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const CALLERS = ['5511988880901', '5511988880902'];
const CALLEES = {
  rings: '5511999990901',
  rejects: '5511999990902',
  refused: '5511999990903',
  nobody: '5511999990904',
};
const KEYS = 1000;

const secret = (prefix = '') => prefix + randomBytes(24).toString('base64url');
const hook = () => `whsec_${randomBytes(32).toString('base64')}`;

describe('secrets', () => {
  const encryptionKey = randomBytes(32).toString('hex');
  const adminToken = randomBytes(24).toString('hex');
  const metricsToken = secret('metrics-');
  const own = {
    instanceToken: secret('own-instance-token-'),
    proxyPassword: secret('proxy password/'),
    authorization: secret('Bearer '),
    inlineAuthorization: secret('Basic '),
    webhookSecret: hook(),
    urlSecret: secret('url-'),
    inlineUrlSecret: secret('inline-url-'),
    headerSecret: secret('header-'),
  };
  const canaries: Canary[] = [
    { name: 'encryption key', secret: encryptionKey },
    { name: 'encryption key bytes', secret: Buffer.from(encryptionKey, 'hex') },
    { name: 'admin token', secret: adminToken },
    { name: 'metrics token', secret: metricsToken },
    ...Object.entries(own).map(([name, value]) => ({ name, secret: value })),
    ...[...CALLERS, ...Object.values(CALLEES)].map((number) => ({
      name: `number ${number.slice(-2)}`,
      secret: number,
    })),
  ];
  const failures: Answer[] = [];
  let stage: Stage;
  let receiver: WebhookReceiver;
  let output = '';
  let keys: Canary[];
  let dump: string;
  let metrics: string;

  const learn = (name: string, value: unknown) => {
    if (typeof value !== 'string' || value.length < 8) throw new Error(`there is no ${name}`);
    canaries.push({ name, secret: value });
    return value;
  };
  const field = ({ body }: Answer, name: string) => (body[name] as Record<string, unknown>).token;
  const fail = async (asked: Promise<Answer>) => {
    const answer = await asked;
    expect(answer.status).toBeGreaterThanOrEqual(400);
    failures.push(answer);
  };

  beforeAll(async () => {
    receiver = await WebhookReceiver.start(({ path }) => (path.includes('broken') ? 500 : 200));
    stage = await Stage.open({
      LOG_LEVEL: 'trace',
      ENCRYPTION_KEY: encryptionKey,
      ADMIN_TOKEN: adminToken,
      METRICS_TOKEN: metricsToken,
      WEBHOOK_ALLOW_PRIVATE: 'true',
    });
    learn('database password', decodeURIComponent(new URL(stage.databaseUrl).password));
    await tenants();
    await linking();
    await calling();
    await mistakes();
    metrics = String((await stage.get('/metrics', { token: metricsToken })).body.text);
    const stored = await StoredSecrets.open(stage.databaseUrl, encryptionKey);
    keys = await stored.privateKeys();
    dump = await stored.dump();
    await stored.close();
    await stage.product.stop();
    output += stage.product.stdout() + stage.product.stderr();
  }, 60_000);

  afterAll(async () => {
    await stage.close();
    await receiver.close();
  });

  async function tenants(): Promise<void> {
    // The token of the first account is printed, once, on purpose; it is not used here.
    await stage.product.stop();
    await stage.restart();
    const asAdmin = { token: adminToken };
    learn(
      'first account token',
      field(await stage.post('/api/account/new', { name: 'acme' }, asAdmin), 'account'),
    );
    const rotated = await stage.post('/api/account/rotateToken/acme', undefined, asAdmin);
    stage.token = learn('account token', field(rotated, 'account'));
    await stage.newInstance('shop', {
      token: own.instanceToken,
      proxyEnabled: false,
      proxyHost: 'proxy.example.com',
      proxyPort: '1080',
      proxyProtocol: 'socks5',
      proxyUsername: 'ana',
      proxyPassword: own.proxyPassword,
      webhookEnabled: true,
      webhookURL: `${receiver.url}/broken/${own.inlineUrlSecret}`,
      webhookAuthorization: own.inlineAuthorization,
    });
    learn('made instance token', (await stage.newInstance('office')).token);
    learn('rotated instance token', field(await stage.post('/api/instance/rotateToken/office'), 'instance'));
    const { authorization, webhookSecret } = own;
    const webhook = {
      label: 'good',
      enabled: true,
      url: `${receiver.url}/${own.urlSecret}?key=${own.urlSecret}`,
      headers: { 'X-Api-Key': own.headerSecret },
      authorization,
      secret: webhookSecret,
    };
    expect((await stage.post('/api/events/webhook/shop', webhook)).status).toBe(200);
    const made = await stage.post('/api/events/webhook/office', { enabled: true, url: receiver.url });
    learn('made webhook secret', (made.body.webhook as Record<string, unknown>).secret);
  }

  async function linking(): Promise<void> {
    const { body } = await stage.get('/api/instance/connect/shop');
    learn('QR code', body.qrCode);
    await stage.simulator.addPhone({ number: CALLERS[0] ?? '', name: 'Ana' }).scanQr(String(body.qrCode));
    await stage.untilStatus('shop', 'connected');
    const share = await stage.post('/api/instance/share/office', {});
    const page = new URL(learn('share link', share.body.url)).pathname;
    learn('share', page.split('/').at(-1));
    expect((await stage.get(page, { token: '' })).status).toBe(200);
    const code = await stage.get(`/api/instance/connect/office?number=${CALLERS[1]}`);
    learn('pairing code', code.body.pairingCode);
    await stage.simulator
      .addPhone({ number: CALLERS[1] ?? '' })
      .enterPairingCode(String(code.body.pairingCode));
    await stage.untilStatus('office', 'connected');
  }

  async function calling(): Promise<void> {
    const { simulator } = stage;
    simulator.addContact({ number: CALLEES.rings, devices: [0, 3] });
    simulator.addContact({ number: CALLEES.rejects, behaviour: { kind: 'rejects' } });
    simulator.addContact({ number: CALLEES.refused, ack: { errorAttribute: 403 } });
    await stage.post('/api/instance/settings/shop', { autoRejectCalls: true, callRejectMessage: 'later' });
    for (const number of [CALLEES.rings, CALLEES.rejects]) {
      const { body } = await stage.call(
        'shop',
        { number, duration: 1 },
        { 'Idempotency-Key': `k-${number}` },
      );
      await stage.endedCall('shop', String(body.callId));
    }
    await fail(stage.call('shop', { number: CALLEES.refused, duration: 1 }));
    await fail(stage.call('shop', { number: CALLEES.nobody, duration: 1 }));
    simulator.sendCallTo(CALLERS[0] ?? '', { from: CALLEES.rings, kind: 'offer' });
    await simulator.waitForMessage(({ text }) => text === 'later');
    simulator.trustTokens.send(CALLERS[0] ?? '', CALLEES.rings);
    const logins = simulator.loginCount(CALLERS[1] ?? '');
    simulator.disconnect(CALLERS[0] ?? '', { kind: 'garbage' });
    simulator.disconnect(CALLERS[1] ?? '', { kind: 'stream-error', code: 515 });
    await simulator.waitForLogin(CALLERS[1] ?? '', { times: logins + 1 });
    await stage.until(
      () => receiver.received.some(({ path }) => path.includes('broken')),
      'a broken delivery',
    );
  }

  async function mistakes(): Promise<void> {
    const [caller = ''] = CALLERS;
    await fail(stage.get(`/api/instance/list?token=${stage.token}`, { token: '' }));
    await fail(stage.get(`/api/instance/getSettings/${own.instanceToken}`));
    await fail(stage.get(`/nowhere/${stage.token}?token=${adminToken}`));
    await fail(stage.post('/api/instance/new', `{"name":"x","token":"${own.instanceToken}`));
    await fail(stage.post('/api/instance/new', { name: 'x', token: own.instanceToken }));
    await fail(
      stage.post('/api/instance/new', { name: own.proxyPassword, proxyPassword: [own.proxyPassword] }),
    );
    await fail(stage.post('/api/instance/proxy/shop', { enabled: true, password: own.proxyPassword }));
    await fail(
      stage.post('/api/events/webhook/shop', { enabled: true, url: 'x', authorization: own.authorization }),
    );
    await fail(stage.call('shop', { number: `${caller}x`, duration: 1 }));
    await fail(stage.get(`/api/call/list/shop?cursor=${own.instanceToken}&number=${caller}x`));
    await fail(stage.get('/metrics', { token: own.instanceToken }));
    await fail(stage.get(`/pair/${own.instanceToken}/events`, { token: '' }));
  }

  it('are not in the log, whatever its level', () => {
    expect(canaries.length).toBeGreaterThanOrEqual(20);
    expect(output).toContain('"level":"debug"');
    expect(findCanaries([...canaries, ...keys], output)).toEqual([]);
  });

  it('are not in the metrics', () => {
    expect(metrics).toContain('ringdrop_calls_ended_total');
    expect(findCanaries([...canaries, ...keys], metrics)).toEqual([]);
  });

  it('are not in what a failed request is told', () => {
    expect(failures).toHaveLength(14);
    for (const { body, headers } of failures) {
      expect(findCanaries([...canaries, ...keys], JSON.stringify([body, [...headers]]))).toEqual([]);
    }
  });

  it('that are phone numbers are not in the log without their country, nor by their hidden ids', () => {
    for (const number of [...CALLERS, ...Object.values(CALLEES)]) {
      expect(output).not.toContain(number.slice(-8));
      expect(output).not.toContain(derivedLid(number));
    }
  });

  it('that are keys are nowhere in a dump of the database', () => {
    expect(keys.length).toBeGreaterThanOrEqual(KEYS);
    expect(dump.length).toBeGreaterThan(100_000);
    const secrets = canaries.filter(({ name }) =>
      /token|password|uthorization|[sS]ecret|encryption/.test(name),
    );
    expect(findCanaries([...keys, ...secrets], dump)).toEqual([]);
    // The search would find them: the number of the caller is in there.
    expect(findCanaries(canaries, dump)).not.toEqual([]);
  });
});
