import { failure, failureOf } from '../support/failure.js';
import { Stage, type Answer } from '../support/stage.js';

const PLACES = 3;

/** Three phones of an account at a time. */
describe('phones that are being linked', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ LINKING_SESSIONS_PER_ACCOUNT: String(PLACES) });
  });

  afterEach(() => {
    stage.simulator.refuseLinking(undefined);
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(() => stage.close());

  const connect = (name: string, query = ''): Promise<Answer> =>
    stage.get(`/api/instance/connect/${name}${query}`);
  const logout = (name: string) => stage.delete(`/api/instance/logout/${name}`);
  async function newInstances(prefix: string, count: number): Promise<string[]> {
    const names = Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
    for (const name of names) await stage.newInstance(name);
    return names;
  }
  const openSockets = () =>
    stage.simulator.connectionRecords.filter(({ closedAt }) => closedAt === undefined);

  /** Asks, and is gone before there is an answer. */
  async function connectAndLeave(name: string, afterMs: number): Promise<void> {
    const signal = AbortSignal.timeout(afterMs);
    const asked = fetch(`${stage.product.url}/api/instance/connect/${name}`, {
      headers: { token: stage.token },
      signal,
    });
    await expect(asked).rejects.toThrow();
  }

  it('are so many of an account as the setting says; one more waits for its turn, those of other accounts do not', async () => {
    const names = await newInstances('many', PLACES + 1);
    for (const name of names.slice(0, PLACES)) expect((await connect(name)).status).toBe(200);
    let isAnswered = false;
    const waiting = connect(names[PLACES] ?? '').finally(() => (isAnswered = true));
    const own = stage.token;
    const { body } = await stage.post('/api/account/new', { name: 'other' }, { token: stage.adminToken });
    stage.token = (body.account as { token: string }).token;
    await stage.newInstance('elsewhere');
    expect((await connect('elsewhere')).body).toMatchObject({ status: 'qr' });
    await logout('elsewhere');
    stage.token = own;
    expect(isAnswered).toBe(false);
    expect((await connect(names[0] ?? '')).status).toBe(200);
    await logout(names[0] ?? '');
    expect((await waiting).body).toMatchObject({ status: 'qr' });
    for (const name of names) await logout(name);
  });

  it('make room when they have consented', async () => {
    const names = await newInstances('linked', PLACES * 2);
    for (const [n, name] of names.entries()) await stage.link(name, `55119415${1000 + n}`);
  });

  it('are started again by whoever comes after a client that left without a code', async () => {
    await stage.newInstance('impatient');
    stage.simulator.refuseLinking({ at: 'connect', code: 'silence' });
    await connectAndLeave('impatient', 500);
    await stage.untilStatus('impatient', 'disconnected');
    expect(await stage.instance('impatient')).toMatchObject({
      connection: { lastDisconnect: { code: 428, reason: 'Nobody waited for the code any more' } },
    });
    stage.simulator.refuseLinking(undefined);
    const startedAt = performance.now();
    expect((await connect('impatient')).body).toMatchObject({ status: 'qr' });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await logout('impatient');
  });

  it('give no place to whoever leaves while waiting for one', async () => {
    const names = await newInstances('queue', PLACES + 2);
    for (const name of names.slice(0, PLACES)) await connect(name);
    const sockets = openSockets().length;
    await connectAndLeave(names[PLACES] ?? '', 300);
    await logout(names[0] ?? '');
    expect((await connect(names[PLACES + 1] ?? '')).body).toMatchObject({ status: 'qr' });
    expect(openSockets()).toHaveLength(sockets);
    for (const name of names) await logout(name);
  });
});

describe('connections that are asked for over and over', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
    await stage.linkedInstance('shop', '5511941700001');
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(() => stage.close());

  const reconnect = () => stage.post('/api/instance/reconnect/shop');

  it('are six at once and then one each ten seconds, and every refusal says when the next may be', async () => {
    const logins = stage.simulator.loginCount('5511941700001');
    const answers: Answer[] = [];
    for (let n = 0; n < 30; n += 1) answers.push(await reconnect());
    const refused = answers.filter(({ status }) => status !== 200);
    expect(answers.length - refused.length).toBeLessThanOrEqual(7);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(5);
    const message = 'This instance was connected too often in a short time. Try again later.';
    for (const one of refused)
      expect(failureOf(one)).toEqual(
        failure(429, 'connected_too_often', message, expect.stringMatching(/^([1-9]|10)$/)),
      );
    await stage.untilStatus('shop', 'connected');
    expect(stage.simulator.loginCount('5511941700001') - logins).toBeLessThanOrEqual(8);

    const waitSeconds = Number((await reconnect()).headers.get('retry-after'));
    await new Promise((resolve) => setTimeout(resolve, waitSeconds * 1000));
    expect((await reconnect()).status).toBe(200);
    await stage.untilStatus('shop', 'connected');
  }, 60_000);

  it('are as few when an instance is connected and logged out in turn', async () => {
    await stage.newInstance('looped');
    const statuses: number[] = [];
    for (let n = 0; n < 9; n += 1) {
      const answer = await stage.get('/api/instance/connect/looped');
      statuses.push(answer.status);
      if (answer.status !== 200) expect(failureOf(answer)).toMatchObject({ code: 'connected_too_often' });
      await stage.delete('/api/instance/logout/looped');
    }
    expect(statuses.slice(0, 6)).toEqual(new Array<number>(6).fill(200));
    expect(statuses).toContain(429);
  }, 60_000);

  it('are as few when the connection of a linked phone is closed each time', async () => {
    const number = '5511941700002';
    await stage.linkedInstance('closed', number);
    const connectOnceClosed = async (): Promise<Answer> => {
      stage.simulator.disconnect(number, { kind: 'close' });
      await stage.untilStatus('closed', 'disconnected');
      return stage.get('/api/instance/connect/closed');
    };
    for (let n = 0; n < 5; n += 1) {
      expect((await connectOnceClosed()).status).toBe(200);
      await stage.untilStatus('closed', 'connected');
    }
    let last = await connectOnceClosed();
    for (let n = 0; n < 3 && last.status === 200; n += 1) last = await connectOnceClosed();
    expect(failureOf(last)).toMatchObject({ status: 429, code: 'connected_too_often' });
  }, 60_000);

  it('cost nothing while a code is shown, or when there is nothing to do', async () => {
    await stage.newInstance('polled');
    for (let n = 0; n < 20; n += 1) {
      expect((await stage.get('/api/instance/connect/polled')).body).toMatchObject({ status: 'qr' });
      expect((await stage.get('/api/instance/connect/shop')).body).toMatchObject({ status: 'connected' });
    }
  });
});
