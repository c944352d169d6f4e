import { Stage } from '../support/stage.js';
import { NOTHING_STORED, storedSession, type StoredSession } from '../support/stored-session.js';
import { runSql } from '../support/postgres.js';
import type { DisconnectFault, SessionView } from '../simulator/index.js';

/** First rung of the ladder: 1 s, give or take 10 %. */
const FIRST_RUNG_MS = 1_000;
const JITTER_MS = 100;
const REPLACED_WAIT_MS = 60_000;
/** Longer than the first rungs of the ladder. */
const QUIET_MS = 2_000;

describe('the session of a linked instance', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(async () => {
    await stage.close();
  });

  const linked = async (name: string, number: string): Promise<string> => {
    const { id } = await stage.newInstance(name);
    await stage.link(name, number);
    return id;
  };
  const stored = (id: string): Promise<StoredSession> => storedSession(stage.databaseUrl, id);
  const sessionOf = (number: string): SessionView | undefined =>
    stage.simulator.sessions.find((session) => session.number === number);
  const noLoginBefore = (number: string, times: number): Promise<void> =>
    expect(stage.simulator.waitForLogin(number, { times, timeoutMs: QUIET_MS })).rejects.toThrow(
      'no such login',
    );
  const refusals = (reason: number): number =>
    stage.simulator.stanzas.filter(
      ({ direction, node }) =>
        direction === 'out' && node.tag === 'failure' && node.attrs.reason === String(reason),
    ).length;

  it('keeps its 812 pre-keys and its credentials sealed in the database', async () => {
    const id = await linked('sealed', '5511950000001');
    const jid = String(sessionOf('5511950000001')?.jid);
    await stage.until(() => stage.simulator.preKeyCount(jid) === 812, 'the pre-keys are at WhatsApp');
    await stage.until(async () => (await stored(id)).preKeys === 812, 'the pre-keys are stored');

    const readable = await runSql(
      stage.databaseUrl,
      `SELECT count(*)::int FROM (
         SELECT value FROM session_keys WHERE instance_id = '${id}'
         UNION ALL SELECT value FROM session_credentials WHERE instance_id = '${id}'
       ) AS stored (value)
       WHERE value LIKE '%private%' OR value LIKE '%public%' OR value LIKE '%noiseKey%' OR value LIKE '%Buffer%'
         OR value LIKE '%5511950000001%'`,
    );
    expect(readable).toBe(0);
    const distinct = await runSql(
      stage.databaseUrl,
      `SELECT count(DISTINCT substring(value FROM 1 FOR 40))::int FROM session_keys
       WHERE instance_id = '${id}' AND type = 'pre-key'`,
    );
    expect(distinct).toBe(812);
  });

  it('shows itself online or not as soon as it is told to, on the connection that it has', async () => {
    const number = '5511950000020';
    await linked('presence', number);
    const before = sessionOf(number);
    const shown = () =>
      stage.simulator.stanzas
        .filter(({ account, node }) => account === number && node.tag === 'presence')
        .at(-1)?.node.attrs.type;
    await stage.until(() => shown() === 'unavailable', 'the login has shown it');
    await stage.post('/api/instance/settings/presence', { keepOnlineStatus: true });
    await stage.until(() => shown() === 'available', 'it is shown online');
    await stage.post('/api/instance/settings/presence', { keepOnlineStatus: false });
    await stage.until(() => shown() === 'unavailable', 'it is not shown online any more');
    expect(sessionOf(number)).toEqual(before);
  });

  it('is back at once when WhatsApp asks for a restart, which is no failure', async () => {
    const id = await linked('restart', '5511950000002');
    const logins = stage.simulator.loginCount('5511950000002');

    const endedAt = Date.now();
    stage.simulator.disconnect('5511950000002', { kind: 'stream-error', code: 515 });
    const session = await stage.simulator.waitForLogin('5511950000002', { times: logins + 1 });

    expect(session.openedAt - endedAt).toBeLessThan(FIRST_RUNG_MS - JITTER_MS);
    expect(await stored(id)).toMatchObject({ attempt: 0, notBefore: null });
    expect(await stage.instance('restart')).toMatchObject({ connection: { lastDisconnect: null } });
  });

  it.each<{ words: string; number: string; fault: DisconnectFault; code: number }>([
    {
      words: 'a server that restarts',
      number: '5511950000003',
      fault: { kind: 'stream-error', code: 503 },
      code: 503,
    },
    { words: 'a lost connection', number: '5511950000004', fault: { kind: 'close' }, code: 428 },
    {
      words: 'a frame that cannot be read',
      number: '5511950000005',
      fault: { kind: 'garbage' },
      code: 500,
    },
  ])(
    'is back about a second after $words, and its neighbour notices nothing',
    async ({ number, fault, code }) => {
      const id = await linked(`fault-${code}`, number);
      const neighbour = `${number}1`;
      await linked(`neighbour-${code}`, neighbour);
      const neighbourBefore = sessionOf(neighbour);
      const logins = stage.simulator.loginCount(number);

      const endedAt = Date.now();
      stage.simulator.disconnect(number, fault);
      const session = await stage.simulator.waitForLogin(number, { times: logins + 1 });
      await stage.untilStatus(`fault-${code}`, 'connected');

      expect(session.openedAt - endedAt).toBeGreaterThanOrEqual(FIRST_RUNG_MS - JITTER_MS);
      expect(session.openedAt - endedAt).toBeLessThan(FIRST_RUNG_MS + JITTER_MS + 1_500);
      expect(await stage.instance(`fault-${code}`)).toMatchObject({
        connection: { state: 'connected', lastDisconnect: { code, reason: expect.stringMatching(/./) } },
      });
      expect(await stored(id)).toMatchObject({ attempt: 1 });
      expect(sessionOf(neighbour)).toEqual(neighbourBefore);
      expect(await stage.instance(`neighbour-${code}`)).toMatchObject({
        status: 'connected',
        connection: { lastDisconnect: null },
      });
    },
  );

  it('waits a minute after another client has taken its place', async () => {
    const number = '5511950000006';
    const id = await linked('replaced', number);
    const logins = stage.simulator.loginCount(number);

    const endedAt = Date.now();
    stage.simulator.disconnect(number, { kind: 'replaced' });
    await stage.untilStatus('replaced', 'disconnected');

    expect(await stage.instance('replaced')).toMatchObject({ connection: { lastDisconnect: { code: 440 } } });
    const { notBefore } = await stored(id);
    expect(Math.abs(Number(notBefore) - endedAt - REPLACED_WAIT_MS)).toBeLessThan(3_000);
    await noLoginBefore(number, logins + 1);
  });

  it('is gone with all its secrets when the phone removes the device', async () => {
    const number = '5511950000007';
    const id = await linked('removed', number);
    const logins = stage.simulator.loginCount(number);

    stage.simulator.disconnect(number, { kind: 'device-removed' });
    await stage.untilStatus('removed', 'loggedout');

    expect(await stage.instance('removed')).toMatchObject({
      connection: { state: 'loggedout', lastDisconnect: { code: 401 } },
    });
    await stage.until(async () => (await stored(id)).credentials === 0, 'the credentials are gone');
    expect(await stored(id)).toEqual(NOTHING_STORED);
    expect((await stage.post('/api/instance/reconnect/removed')).status).toBe(400);
    expect(stage.simulator.loginCount(number)).toBe(logins);

    await stage.link('removed', number);
    expect(await stage.instance('removed')).toMatchObject({ status: 'connected' });
  });

  it('is logged out when WhatsApp blocks the account, and never logs in with those credentials again', async () => {
    const number = '5511950000008';
    const id = await linked('blocked', number);
    stage.simulator.refuseLogins(number, { reason: 403 });
    const before = refusals(403);

    stage.simulator.disconnect(number, { kind: 'close' });
    await stage.untilStatus('blocked', 'loggedout');

    expect(await stage.instance('blocked')).toMatchObject({ connection: { lastDisconnect: { code: 403 } } });
    await stage.until(async () => (await stored(id)).linked !== true, 'the credentials are out of use');
    expect((await stage.post('/api/instance/reconnect/blocked')).status).toBe(400);
    expect((await stage.get('/api/instance/connect/blocked')).body).toMatchObject({ status: 'qr' });
    expect(refusals(403)).toBe(before + 1);
  });

  it('keeps trying when WhatsApp no longer accepts the client version, and is back when it does', async () => {
    const number = '5511950000009';
    const id = await linked('outdated', number);
    const logins = stage.simulator.loginCount(number);
    stage.simulator.refuseLogins(number, { reason: 405 });

    stage.simulator.disconnect(number, { kind: 'close' });
    await stage.until(() => refusals(405) >= 2, 'the login is refused, and tried again');
    await stage.until(async () => {
      const { connection } = await stage.instance('outdated');
      return JSON.stringify(connection).includes('"code":405');
    }, 'the refusal is known');
    expect(await stored(id)).toMatchObject({ credentials: 1, linked: true });
    stage.simulator.refuseLogins(number, undefined);

    await stage.simulator.waitForLogin(number, { times: logins + 1, timeoutMs: 15_000 });
  });
});
