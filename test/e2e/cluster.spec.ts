import { runSql } from '../support/postgres.js';
import type { SpawnedProduct } from '../support/spawn-product.js';
import { Stage } from '../support/stage.js';

/** Nothing listens there: what is owned here goes on without the broker. */
const CLUSTER = { NATS_URL: 'nats://127.0.0.1:9', SESSION_OPENS_PER_SECOND: '0' };

const CALLEE = '5511970000091';
/** From the death of a node to a session in another one. */
const TAKEOVER_MS = 20_000;

describe('two processes on one database', () => {
  let stage: Stage;
  /** Holds the session; the survivor of one test is the first of the next. */
  let first: SpawnedProduct;
  let second: SpawnedProduct;
  let name: string;
  let number: string;
  let tests = 0;

  beforeAll(async () => {
    stage = await Stage.open(CLUSTER);
    stage.simulator.addContact({ number: CALLEE, devices: [0, 12] });
  });

  beforeEach(async () => {
    first = stage.product;
    name = `shop-${(tests += 1)}`;
    number = `551197000000${tests}`;
    await stage.linkedInstance(name, number);
    second = await stage.startAnother();
  });

  afterEach(async () => {
    expect(stage.simulator.violations).toEqual([]);
    await stage.delete(`/api/instance/delete/${name}`);
    if (stage.product === first) await second.stop();
    else await first.kill();
  });

  afterAll(async () => {
    await stage.product.kill();
    await stage.simulator.close();
  });

  const sessions = () => stage.simulator.sessions.filter((session) => session.number === number).length;
  const isRinging = (callId: string) =>
    stage.simulator.calls
      .find((call) => call.callId === callId)
      ?.devices.some(({ ringingSince, ringStoppedAt }) => ringingSince && !ringStoppedAt) ?? false;

  const ring = async (duration: number): Promise<string> => {
    const { status, body } = await stage.call(name, { number: CALLEE, duration });
    expect({ status, body }).toMatchObject({ status: 200 });
    const callId = String(body.callId);
    await stage.until(() => isRinging(callId), 'the phone rings');
    // What the phone said is lost with a process that is killed before it has written it down.
    await stage.until(
      async () => (await stage.callInfo(name, callId)).ringingAt !== null,
      'it is known that the phone rings',
    );
    return callId;
  };

  it('a killed one is followed by the other, which hangs up what still rings', async () => {
    const callId = await ring(10);
    const logins = stage.simulator.loginCount(number);
    await first.kill();
    stage.product = second;
    await stage.simulator.waitForLogin(number, { times: logins + 1, timeoutMs: TAKEOVER_MS });
    const call = await stage.endedCall(name, callId, TAKEOVER_MS);
    expect(call).toMatchObject({ outcome: 'completed' });
    expect(isRinging(callId)).toBe(false);
    await stage.untilStatus(name, 'connected');
    // The successor goes on with the counters of the Signal sessions where the dead one stopped.
    const next = await ring(1);
    const [offered] = stage.simulator.calls.filter(({ callId: id }) => id === next);
    expect(offered?.devices.map(({ callKey }) => callKey?.length)).toEqual([32, 32]);
  }, 90_000);

  it('one that was frozen finds that it has been replaced, says nothing and does not fight', async () => {
    const logins = stage.simulator.loginCount(number);
    process.kill(first.pid, 'SIGSTOP');
    const frozenAt = Date.now();
    stage.product = second;
    await stage.simulator.waitForLogin(number, { times: logins + 1, timeoutMs: TAKEOVER_MS });
    await stage.untilStatus(name, 'connected');
    await stage.until(() => Date.now() - frozenAt >= 8000, 'eight seconds are over');
    await stage.until(() => sessions() === 1, 'one session is open');
    process.kill(first.pid, 'SIGCONT');
    await stage.until(() => first.stdout().includes('begins anew'), 'the frozen one knows that it is late');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(stage.simulator.loginCount(number)).toBe(logins + 1);
    expect(sessions()).toBe(1);
    await ring(1);
  }, 90_000);

  it('one that stops ends the rings that are nearly over, and takes no new ones', async () => {
    const callId = await ring(3);
    const stopped = first.stop();
    const health = async () => (await stage.get('/health/ready')).status;
    await stage.until(async () => (await health()) === 503, 'the process is not ready any more');
    const { status, headers } = await stage.call(name, { number: CALLEE, duration: 1 });
    expect({ status, code: headers.get('x-error-code') }).toEqual({ status: 503, code: 'shutting_down' });
    expect(headers.get('retry-after')).toBe('2');
    expect(await stopped).toBe(0);
    expect(isRinging(callId)).toBe(false);
    stage.product = second;
    expect(await stage.callInfo(name, callId)).toMatchObject({ outcome: 'completed' });
    await stage.untilStatus(name, 'connected', TAKEOVER_MS);
  }, 90_000);

  it('one that stops leaves its long rings to the other', async () => {
    const callId = await ring(14);
    const logins = stage.simulator.loginCount(number);
    expect(await first.stop()).toBe(0);
    expect(isRinging(callId)).toBe(true);
    stage.product = second;
    await stage.simulator.waitForLogin(number, { times: logins + 1, timeoutMs: TAKEOVER_MS });
    const call = await stage.endedCall(name, callId, 30_000);
    expect(call).toMatchObject({ outcome: 'completed' });
    expect(Number(call.ringSeconds)).toBeGreaterThan(13);
  }, 90_000);

  it('share the sessions, also those that were open before the other came', async () => {
    const other = '5511970000002';
    await stage.linkedInstance('second', other);
    // The move may be over before the second is said to be linked, so that logins cannot be counted from then.
    const holders = () =>
      runSql(
        stage.databaseUrl,
        'SELECT count(DISTINCT node_id) FROM session_owners WHERE node_id IS NOT NULL',
      );
    await stage.until(async () => (await holders()) === '2', 'each holds one', TAKEOVER_MS);
    await stage.until(() => stage.simulator.sessions.length === 2, 'both are open');
  }, 90_000);
});
