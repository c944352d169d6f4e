import type { CallRecord } from '../simulator/index.js';
import { runSql } from '../support/postgres.js';
import { Stage, type Answer } from '../support/stage.js';

/** Two phones of one callee. */
const DEVICES = [0, 4];

describe('an instance that leaves while its calls ring', () => {
  let stage: Stage;
  let lastContact = 491580000000;

  beforeAll(async () => {
    stage = await Stage.open();
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(async () => {
    await stage.close();
  });

  const admin = (method: string, route: string, body?: unknown): Promise<Answer> =>
    stage.request(method, `/api/account/${route}`, { token: stage.adminToken, body });

  /** A call that rings for half a minute unless somebody hangs up. */
  async function ringing(name: string): Promise<string> {
    lastContact += 1;
    const number = String(lastContact);
    stage.simulator.addContact({ number, devices: DEVICES, behaviour: { kind: 'rings' } });
    const { status, body } = await stage.call(name, { number, duration: 30 });
    expect(status).toBe(200);
    const callId = String(body.callId);
    await stage.simulator.waitForCall((call) => call.callId === callId && call.devices.every(rings));
    return callId;
  }

  const rings = ({ ringingSince }: CallRecord['devices'][number]): boolean => ringingSince !== undefined;

  /** Every phone was stopped, once, before its caller's session ended. */
  async function expectSilence(callIds: readonly string[]): Promise<void> {
    for (const callId of callIds) {
      const { devices } = await stage.simulator.waitForCall(
        (call) => call.callId === callId && call.devices.every(({ ringStoppedAt }) => ringStoppedAt),
      );
      expect(devices).toHaveLength(DEVICES.length);
      expect(devices.map(({ terminateStanzaIds }) => terminateStanzaIds.length)).toEqual([1, 1]);
    }
  }

  it('by logout stops the phones first and ends the calls as cancelled', async () => {
    await stage.linkedInstance('logging-out', '5511970000001');
    await stage.linkedInstance('staying', '5511970000002');
    const calls = [await ringing('logging-out'), await ringing('logging-out')];
    const other = await ringing('staying');

    expect((await stage.delete('/api/instance/logout/logging-out')).status).toBe(200);

    await expectSilence(calls);
    for (const callId of calls) {
      expect(await stage.callInfo('logging-out', callId)).toMatchObject({
        state: 'ended',
        outcome: 'cancelled',
        failureReason: 'The instance was logged out',
      });
    }
    expect(await stage.callInfo('staying', other)).toMatchObject({ endedAt: null });
    await stage.post('/api/call/cancel/staying', { callId: other });
  });

  it('by deletion stops the phones before the calls are forgotten', async () => {
    await stage.linkedInstance('deleted', '5511970000003');
    const calls = [await ringing('deleted')];

    expect((await stage.delete('/api/instance/delete/deleted')).status).toBe(200);

    await expectSilence(calls);
    expect(
      await runSql(stage.databaseUrl, `SELECT count(*)::int FROM calls WHERE call_id = '${calls[0]}'`),
    ).toBe(0);
  });

  it.each(['disabling', 'deletion'])('with its account, by %s, stops the phones', async (end) => {
    const made = await admin('POST', 'new', { name: `account-${end}` });
    const account = made.body.account as { id: string; token: string };
    const before = stage.token;
    stage.token = account.token;
    try {
      await stage.linkedInstance('theirs', end === 'deletion' ? '5511970000004' : '5511970000005');
      const calls = [await ringing('theirs')];

      const answer =
        end === 'deletion'
          ? await admin('DELETE', `delete/account-${end}`)
          : await admin('POST', `update/account-${end}`, { enabled: false });

      expect(answer.status).toBe(200);
      await expectSilence(calls);
    } finally {
      stage.token = before;
    }
  });
});
