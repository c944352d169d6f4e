import { refusalText } from '../../src/whatsapp/client-version/client-version.js';
import { failure, failureOf } from '../support/failure.js';
import { Stage, type Answer } from '../support/stage.js';

const CANCELLED = failure(
  409,
  'linking_cancelled',
  'Connecting was ended by another request on this instance',
);

describe('a phone that cannot be connected', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
  });

  afterEach(() => {
    stage.simulator.refuseLinking(undefined);
    expect(stage.simulator.violations).toEqual([]);
  });

  afterAll(async () => {
    await stage.close();
  });

  const connect = (name: string, query = ''): Promise<Answer> =>
    stage.get(`/api/instance/connect/${name}${query}`);

  it.each([
    [403, 502, 'account_restricted', 'WhatsApp has blocked or restricted this account (403)'],
    [405, 502, 'whatsapp_version_rejected', refusalText(1043857760, 'learning')],
    [
      411,
      502,
      'linking_refused',
      'WhatsApp refused to link this instance: The account does not support linked devices (411)',
    ],
    [429, 429, 'linking_limited', 'WhatsApp limits linking on this number. Try again later.'],
    [503, 502, 'whatsapp_unreachable', 'WhatsApp is not reachable: WhatsApp is temporarily unavailable'],
  ])('tells why WhatsApp refuses to link with code %i', async (code, status, errorCode, message) => {
    const name = `refused-${code}`;
    await stage.newInstance(name);
    stage.simulator.refuseLinking({ at: 'connect', code });

    for (const query of ['', '?number=5511930000010']) {
      expect(failureOf(await connect(name, query))).toEqual(failure(status, errorCode, message));
    }
    expect(await stage.instance(name)).toMatchObject({
      status: 'disconnected',
      connection: { lastDisconnect: { code, reason: expect.stringMatching(/./) } },
    });
  });

  it.each([
    [403, 502, 'account_restricted', 'loggedout'],
    [405, 502, 'whatsapp_version_rejected', 'disconnected'],
    [429, 429, 'linking_limited', 'disconnected'],
  ])('tells why WhatsApp refuses a linked phone with code %i', async (reason, status, errorCode, left) => {
    const name = `refused-login-${reason}`;
    const number = `5511930001${reason}`;
    await stage.linkedInstance(name, number);
    stage.simulator.refuseLogins(number, { reason });
    stage.simulator.disconnect(number, { kind: 'close' });
    await stage.until(
      async () => (await stage.instance(name)).status !== 'connected',
      'it has lost the session',
    );

    const answer = await connect(name);

    expect(answer.status).toBe(status);
    expect(answer.headers.get('x-error-code')).toBe(errorCode);
    expect(await stage.instance(name)).toMatchObject({
      status: left,
      connection: { lastDisconnect: { code: reason } },
    });
    stage.simulator.refuseLogins(number, undefined);
  });

  it.each(['logout', 'delete'])(
    'ends at once for those who wait for a code when the owner calls %s',
    async (end) => {
      await stage.newInstance(`waiting-${end}`);
      stage.simulator.refuseLinking({ at: 'connect', code: 'silence' });
      const waiting = connect(`waiting-${end}`);
      await stage.untilStatus(`waiting-${end}`, 'connecting');

      const startedAt = performance.now();
      expect((await stage.delete(`/api/instance/${end}/waiting-${end}`)).status).toBe(200);

      expect(failureOf(await waiting)).toEqual(CANCELLED);
      expect(performance.now() - startedAt).toBeLessThan(3_000);
    },
  );

  it.each(['logout', 'delete'])(
    'ends at once for those who wait for a saved session when the owner calls %s',
    async (end) => {
      const name = `opening-${end}`;
      const number = end === 'logout' ? '5511930000011' : '5511930000012';
      await stage.linkedInstance(name, number);
      stage.simulator.refuseLogins(number, 'silence');
      stage.simulator.disconnect(number, { kind: 'close' });
      await stage.until(
        async () => (await stage.instance(name)).status !== 'connected',
        'it has lost the session',
      );
      const waiting = connect(name);
      await stage.untilStatus(name, 'connecting');

      const startedAt = performance.now();
      expect((await stage.delete(`/api/instance/${end}/${name}`)).status).toBe(200);

      expect(failureOf(await waiting)).toEqual(CANCELLED);
      expect(performance.now() - startedAt).toBeLessThan(3_000);
      stage.simulator.refuseLogins(number, undefined);
    },
  );

  it('gives way to the owner who chooses another way to link', async () => {
    await stage.newInstance('impatient');
    stage.simulator.refuseLinking({ at: 'connect', code: 'silence' });
    const waiting = connect('impatient');
    await stage.untilStatus('impatient', 'connecting');
    stage.simulator.refuseLinking(undefined);

    const answer = await connect('impatient', '?number=5511930000013');

    expect(answer.body).toMatchObject({ status: 'pairing' });
    expect(failureOf(await waiting)).toEqual(CANCELLED);
  });
});
