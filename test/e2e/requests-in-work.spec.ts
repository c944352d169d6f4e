import { Stage } from '../support/stage.js';

const IN_WORK = 32;
/** How long WhatsApp takes to acknowledge each call. */
const SLOW_MS = 6000;

describe('requests of an account that are in work', () => {
  let stage: Stage;
  let otherToken: string;

  beforeAll(async () => {
    stage = await Stage.open();
    await stage.linkedInstance('shop', '491510000041');
    await stage.newInstance('unlinked');
    const { body } = await stage.post('/api/account/new', { name: 'other' }, { token: stage.adminToken });
    otherToken = (body.account as { token: string }).token;
  });

  afterAll(() => stage.close());

  /** Calls that WhatsApp answers late, and what each was answered. */
  const slowCalls = (count: number) =>
    Array.from({ length: count }, () => {
      const number = stage.newContact({ ack: { delayMs: SLOW_MS }, behaviour: { kind: 'silent' } });
      return stage.call('shop', { number, duration: 1 });
    });
  const list = (options = {}) => stage.get('/api/instance/list', options);
  const allPlaced = async (calls: ReturnType<typeof slowCalls>) =>
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(calls.map(() => 200));
  const untilAllRing = (before: number) =>
    stage.until(() => stage.simulator.calls.length >= before + IN_WORK, 'the calls have left');

  it('are 32 at most: one more waits for its turn, while those of other accounts and waits for a code do not', async () => {
    const before = stage.simulator.calls.length;
    const calls = slowCalls(IN_WORK);
    await untilAllRing(before);
    let isAnswered = false;
    const waiting = list().then((answer) => {
      isAnswered = true;
      return answer;
    });
    expect((await list({ token: otherToken })).status).toBe(200);
    expect((await stage.get('/api/instance/connect/unlinked')).body).toMatchObject({ status: 'qr' });
    expect(isAnswered).toBe(false);
    expect((await waiting).status).toBe(200);
    await allPlaced(calls);
  });

  it('give their place back when the client leaves, and one that leaves while it waits takes none', async () => {
    const before = stage.simulator.calls.length;
    const calls = slowCalls(IN_WORK);
    await untilAllRing(before);
    const { url } = stage.product;
    const headers = { token: stage.token };
    const leave = AbortSignal.timeout(200);
    const left = Array.from({ length: 200 }, () =>
      fetch(`${url}/api/instance/list`, { headers, signal: leave }).then(
        () => 'answered',
        () => 'left',
      ),
    );
    expect(new Set(await Promise.all(left))).toEqual(new Set(['left']));
    await allPlaced(calls);
    const atOnce = await Promise.all(Array.from({ length: IN_WORK * 2 }, () => list()));
    expect(new Set(atOnce.map(({ status }) => status))).toEqual(new Set([200]));
  });
});
