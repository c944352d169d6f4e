import { failure, failureOf } from '../support/failure.js';
import { bytesIn, offersOf, outreachOf } from '../support/outreach.js';
import { Stage, type Answer } from '../support/stage.js';
import { derivedLid } from '../simulator/index.js';

const HOUR_SECONDS = 3_600;
/** The product is started again in between. */
const TIMEOUT_MS = 60_000;

describe('contacts whose trust token a restricted account holds', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ SESSION_OPENS_PER_SECOND: '0' });
  });

  afterAll(async () => {
    await stage.close();
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  async function newInstance(name: string): Promise<string> {
    const number = stage.newNumber();
    await stage.linkedInstance(name, number);
    return number;
  }

  const call = (name: string, number: string) => stage.call(name, { number, duration: 1 });

  /** Somebody whom the account has called before, and who has answered with a token. */
  async function newFriend(name: string, own: string): Promise<{ number: string; token: Buffer }> {
    const number = stage.newContact();
    expect(await call(name, number)).toMatchObject({ status: 200 });
    const acknowledged = () =>
      stage.simulator.stanzas.filter(
        ({ account, direction, node }) =>
          account === own && direction === 'in' && node.tag === 'ack' && node.attrs.type === 'privacy_token',
      ).length;
    const before = acknowledged();
    const token = stage.simulator.trustTokens.send(own, number);
    await stage.until(() => acknowledged() > before, 'the token is stored');
    return { number, token };
  }

  async function restrictedUntil(name: string): Promise<unknown> {
    const { connection } = await stage.instance(name);
    return (connection as Record<string, unknown>).restrictedUntil;
  }

  /** A time-lock of an hour that the account has been told of. */
  async function lock(name: string, own: string, sparesContacts = true): Promise<string> {
    const until = Math.floor(Date.now() / 1000) + HOUR_SECONDS;
    stage.simulator.limits.lockReachout(own, until, sparesContacts);
    stage.simulator.limits.noticeReachoutLock(own);
    await stage.until(async () => (await restrictedUntil(name)) !== null, `${name} is restricted`);
    return new Date(until * 1000).toISOString();
  }

  async function restart(...names: string[]): Promise<void> {
    await stage.product.kill();
    await stage.restart();
    for (const name of names) await stage.untilStatus(name, 'connected', 20_000);
  }

  function expectHeldBack(answer: Answer, calls: string, until: unknown): void {
    const message = `WhatsApp restricted this account: no ${calls} until ${String(until)}`;
    expect(failureOf(answer)).toEqual(failure(429, 'whatsapp_restricted', message, expect.any(String)));
  }

  /** Strangers are refused without a word to WhatsApp, the friend is called with the token. */
  async function expectSpared(
    name: string,
    own: string,
    friend: { number: string; token: Buffer },
    until: string,
  ): Promise<void> {
    const sent = outreachOf(stage.simulator, own).length;
    const stranger = stage.newContact();
    expectHeldBack(await call(name, stranger), 'calls to new contacts', until);
    expectHeldBack(await call(name, `${derivedLid(stranger)}@lid`), 'calls to new contacts', until);
    expect(outreachOf(stage.simulator, own)).toHaveLength(sent);
    const { body } = await stage.get(`/api/call/list/${name}?number=${stranger}`);
    expect(body.calls).toEqual([]);

    for (const number of [friend.number, `${derivedLid(friend.number)}@lid`]) {
      const answer = await call(name, number);
      expect(answer).toMatchObject({ status: 200 });
      expect(bytesIn(offersOf(stage.simulator, own).at(-1), 'privacy')).toEqual(friend.token);
      const ended = await stage.endedCall(name, String(answer.body.callId));
      expect(ended).toMatchObject({ outcome: 'completed' });
    }
  }

  it(
    'are called during a time-lock, also by the next process, and nobody else is',
    async () => {
      const own = await newInstance('locked');
      const friend = await newFriend('locked', own);
      const until = await lock('locked', own);
      await expectSpared('locked', own, friend, until);

      await restart('locked');

      await expectSpared('locked', own, friend, until);
      expect(await restrictedUntil('locked')).toBe(until);
    },
    TIMEOUT_MS,
  );

  it(
    'are not called any more after the first of them was refused, until the end of the lock or its lift',
    async () => {
      const own = await newInstance('closed');
      const [friend, other] = [await newFriend('closed', own), await newFriend('closed', own)];
      const until = await lock('closed', own, false);

      const refusal = failureOf(await call('closed', friend.number));

      const reason = 'WhatsApp restricted this account: reaching out is locked, also to known contacts (463)';
      expect(refusal).toEqual(failure(429, 'whatsapp_restricted', reason, expect.any(String)));
      const expectClosed = async () => {
        const sent = outreachOf(stage.simulator, own).length;
        for (const number of [friend.number, other.number, stage.newContact()]) {
          expectHeldBack(await call('closed', number), 'calls', until);
        }
        expect(outreachOf(stage.simulator, own)).toHaveLength(sent);
      };
      await expectClosed();
      await restart('closed');
      await expectClosed();

      stage.simulator.limits.lockReachout(own, undefined);
      stage.simulator.limits.noticeReachoutLock(own);
      await stage.until(async () => (await restrictedUntil('closed')) === null, 'the lock is lifted');
      expect(await call('closed', other.number)).toMatchObject({ status: 200 });
      expect(await call('closed', stage.newContact())).toMatchObject({ status: 200 });
    },
    TIMEOUT_MS,
  );

  it(
    'are not called in a pause after a 429 either, also by the next process',
    async () => {
      const own = await newInstance('busy');
      const friend = await newFriend('busy', own);
      stage.simulator.limits.limitCalls(own, Date.now() + 600_000);
      expect(failureOf(await call('busy', stage.newContact()))).toMatchObject({
        code: 'whatsapp_restricted',
      });
      stage.simulator.limits.limitCalls(own, undefined);
      await stage.until(async () => (await restrictedUntil('busy')) !== null, 'the pause is stored');
      const until = await restrictedUntil('busy');
      const sent = outreachOf(stage.simulator, own).length;

      for (const number of [friend.number, stage.newContact()])
        expectHeldBack(await call('busy', number), 'calls', until);
      await restart('busy');
      for (const number of [friend.number, stage.newContact()])
        expectHeldBack(await call('busy', number), 'calls', until);

      expect(outreachOf(stage.simulator, own)).toHaveLength(sent);
    },
    TIMEOUT_MS,
  );
});
