import { Stage } from '../support/stage.js';
import { runSql } from '../support/postgres.js';
import { NOTHING_STORED, storedSession } from '../support/stored-session.js';

describe('a restart of the product', () => {
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

  /** The callee decrypts the call's key, which fails when a Signal message counter was used twice. */
  const expectDecryptedCall = async (name: string, number: string): Promise<string> => {
    const { status, body } = await stage.call(name, { number, duration: 1 });
    expect(status).toBe(200);
    const call = await stage.simulator.waitForCall(({ callId }) => callId === body.callId);
    expect(call.devices.map(({ callKey }) => callKey?.length)).toEqual([32, 32]);
    return String(body.callId);
  };

  it('brings the session back without a QR code, after SIGTERM and after SIGKILL in the middle of a call', async () => {
    const number = '5511960000001';
    const callee = '5511960000091';
    stage.simulator.addContact({ number: callee, devices: [0, 12] });
    await stage.linkedInstance('back', number);
    await expectDecryptedCall('back', callee);
    const logins = stage.simulator.loginCount(number);

    expect(await stage.product.stop()).toBe(0);
    await stage.restart();
    await stage.simulator.waitForLogin(number, { times: logins + 1 });
    await stage.untilStatus('back', 'connected');
    await expectDecryptedCall('back', callee);

    await expectDecryptedCall('back', callee);
    await stage.product.kill();
    await stage.restart();
    await stage.simulator.waitForLogin(number, { times: logins + 2 });
    await stage.untilStatus('back', 'connected');
    await expectDecryptedCall('back', callee);
    await expectDecryptedCall('back', callee);
    expect(stage.simulator.loginCount(number)).toBe(logins + 2);
    expect(stage.simulator.stanzas.filter(({ node }) => isPairSuccess(JSON.stringify(node)))).toHaveLength(1);
  });

  it('does not begin the reconnect ladder anew, even after SIGKILL', async () => {
    const number = '5511960000002';
    const { id } = await stage.newInstance('climbing');
    await stage.link('climbing', number);
    const stored = () => storedSession(stage.databaseUrl, id);
    const refusedAt = () =>
      stage.simulator.stanzas
        .filter(({ direction, node }) => direction === 'out' && node.tag === 'failure')
        .map(({ at }) => at);
    stage.simulator.refuseLogins(number, { reason: 503 });

    // Attempts after 1, 1 and 2 s are refused; the next is due 3 s later.
    stage.simulator.disconnect(number, { kind: 'stream-error', code: 503 });
    await stage.until(async () => (await stored()).attempt === 4, 'the fourth failure is stored');
    const before = await stored();
    await stage.product.kill();
    expect(refusedAt()).toHaveLength(3);
    expect(Number(before.notBefore) - Number(refusedAt()[2])).toBeGreaterThanOrEqual(2_700);

    await stage.restart();
    await stage.until(async () => (await stored()).attempt === 5, 'the fifth failure is stored');
    expect(refusedAt()).toHaveLength(4);
    expect(refusedAt()[3]).toBeGreaterThanOrEqual(Number(before.notBefore));
    expect(Number((await stored()).notBefore) - Number(refusedAt()[3])).toBeGreaterThanOrEqual(4_500);
    stage.simulator.refuseLogins(number, undefined);

    const logins = stage.simulator.loginCount(number);
    expect((await stage.post('/api/instance/reconnect/climbing')).status).toBe(200);
    await stage.simulator.waitForLogin(number, { times: logins + 1 });
  });

  it('reports credentials that cannot be read, and leaves them as they are until their owner logs out', async () => {
    const number = '5511960000003';
    const { id } = await stage.newInstance('corrupt');
    await stage.link('corrupt', number);
    await stage.product.stop();
    const logins = stage.simulator.loginCount(number);
    const value = `SELECT value FROM session_credentials WHERE instance_id = '${id}'`;
    await runSql(
      stage.databaseUrl,
      `UPDATE session_credentials SET value = set_byte(value, 60, get_byte(value, 60) # 255) WHERE instance_id = '${id}'`,
    );
    const damaged = await runSql(stage.databaseUrl, value);

    await stage.restart();
    await stage.until(async () => {
      const { connection } = await stage.instance('corrupt');
      return JSON.stringify(connection).includes('The saved session cannot be read');
    }, 'the fault is told in the state of the instance');

    expect(await stage.instance('corrupt')).toMatchObject({ status: 'disconnected' });
    expect(stage.product.stdout() + stage.product.stderr()).toContain('A session could not be opened');
    for (const answer of [
      await stage.get('/api/instance/connect/corrupt'),
      await stage.get('/api/instance/connect/corrupt?number=5511960000003'),
      await stage.post('/api/instance/reconnect/corrupt'),
    ]) {
      expect(answer.status).toBe(500);
      expect(answer.headers.get('x-error-code')).toBe('credentials_corrupt');
      expect(answer.body).toMatchObject({
        success: false,
        error: { message: expect.stringMatching(/^The saved session cannot be read/) },
      });
    }
    expect(await runSql(stage.databaseUrl, value)).toEqual(damaged);
    expect(stage.simulator.loginCount(number)).toBe(logins);

    expect((await stage.delete('/api/instance/logout/corrupt')).status).toBe(200);
    expect(await storedSession(stage.databaseUrl, id)).toEqual(NOTHING_STORED);
    await stage.link('corrupt', number);
    expect(await stage.instance('corrupt')).toMatchObject({ status: 'connected' });
  });

  it('opens many sessions one after another, as many a second as it is told', async () => {
    const numbers = ['5511960000011', '5511960000012', '5511960000013', '5511960000014'];
    for (const number of numbers) await stage.linkedInstance(`paced-${number}`, number);
    await stage.product.stop();
    const before = stage.simulator.connectionRecords.length;

    await stage.restart({ SESSION_OPENS_PER_SECOND: '2' });
    for (const number of numbers) await stage.untilStatus(`paced-${number}`, 'connected');

    const openedAt = stage.simulator.connectionRecords.slice(before).map((record) => record.openedAt);
    const gapsMs = openedAt.slice(1).map((at, index) => at - (openedAt[index] ?? at));
    expect(openedAt.length).toBeGreaterThanOrEqual(numbers.length);
    expect(Math.min(...gapsMs)).toBeGreaterThan(250);
    const spreadMs = (openedAt.at(-1) ?? 0) - (openedAt[0] ?? 0);
    expect(spreadMs).toBeGreaterThanOrEqual((openedAt.length - 1) * 500 - 200);
  });

  it('does not wait for anybody who has not scanned a QR code, and goes on without them', async () => {
    const { id } = await stage.newInstance('unscanned');
    expect((await stage.get('/api/instance/connect/unscanned')).body).toMatchObject({ status: 'qr' });

    const stoppingAt = Date.now();
    expect(await stage.product.stop()).toBe(0);
    expect(Date.now() - stoppingAt).toBeLessThan(5_000);
    await stage.restart();

    expect(await stage.instance('unscanned')).toMatchObject({ status: 'disconnected', numberJid: null });
    expect(await storedSession(stage.databaseUrl, id)).toEqual(NOTHING_STORED);
    expect((await stage.post('/api/instance/reconnect/unscanned')).status).toBe(400);
  });

  it('says of a session that waits for its next attempt when it is open again', async () => {
    const number = '5511960000007';
    await stage.linkedInstance('waiting', number);
    stage.simulator.refuseLogins(number, { reason: 429 });
    stage.simulator.disconnect(number, { kind: 'close' });
    const lastCode = async () => {
      const { connection } = await stage.instance('waiting');
      return (connection as { lastDisconnect: { code: number } | null }).lastDisconnect?.code;
    };
    await stage.until(async () => (await lastCode()) === 429, 'WhatsApp has refused the login');
    const call = () => stage.call('waiting', { number: '5511960000091', duration: 1 });
    const { status, headers } = await call();
    expect(status).toBe(503);
    const waitSeconds = Number(headers.get('retry-after'));
    expect(waitSeconds).toBeGreaterThan(5);
    const askedAt = performance.now();
    stage.simulator.refuseLogins(number, undefined);
    await stage.untilStatus('waiting', 'connected', 60_000);
    expect(Math.abs((performance.now() - askedAt) / 1000 - waitSeconds)).toBeLessThan(2.5);
  }, 90_000);
});

function isPairSuccess(stanza: string): boolean {
  return stanza.includes('"tag":"pair-success"');
}
