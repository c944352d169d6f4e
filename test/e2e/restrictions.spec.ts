import { failure, failureOf } from '../support/failure.js';
import { outreachOf } from '../support/outreach.js';
import { Stage, type Answer } from '../support/stage.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const PAUSE_SECONDS = 10;

interface InstanceEvent {
  readonly id: string;
  readonly event: string;
  readonly data: { readonly state: string; readonly until?: string };
}

/** Restrictions are waited for to their end, and the product is started twice. */
const TIMEOUT_MS = 90_000;

describe('an account that WhatsApp restricts', () => {
  let stage: Stage;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    stage = await Stage.open({
      RESTRICTION_PAUSE_SECONDS: String(PAUSE_SECONDS),
      WEBHOOK_ALLOW_PRIVATE: 'true',
      SESSION_OPENS_PER_SECOND: '0',
    });
    receiver = await WebhookReceiver.start();
  });

  afterAll(async () => {
    await stage.close();
    await receiver.close();
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  /** A linked instance with a webhook of its own path; returns the number of its account. */
  async function newInstance(name: string): Promise<string> {
    const number = stage.newNumber();
    await stage.linkedInstance(name, number);
    const url = `${receiver.url}/${name}`;
    expect(await stage.post(`/api/events/webhook/${name}`, { enabled: true, url })).toMatchObject({
      status: 200,
    });
    return number;
  }

  const call = (name: string, number = stage.newContact()) => stage.call(name, { number, duration: 1 });
  const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
  const iso = (epochSeconds: number) => new Date(epochSeconds * 1000).toISOString();

  async function restrictedUntil(name: string): Promise<unknown> {
    const { connection } = await stage.instance(name);
    return (connection as Record<string, unknown>).restrictedUntil;
  }

  /** Each event once: webhooks come at least once. */
  function toldOf(name: string): InstanceEvent['data'][] {
    const events = receiver.accepted
      .filter(({ path }) => path === `/hook/${name}`)
      .map(({ body }) => JSON.parse(body) as InstanceEvent);
    return [...new Map(events.map((one) => [one.id, one])).values()]
      .flatMap(({ event, data }) => (event === 'instance.state' ? [data] : []))
      .filter(({ state }) => state.endsWith('restricted'));
  }

  const untilTold = (name: string, ...states: string[]) =>
    stage.until(
      () =>
        toldOf(name)
          .map(({ state }) => state)
          .join() === states.join(),
      `${name} is told to be ${states.join(', then ')}`,
      20_000,
    );

  const untilLifted = (name: string) =>
    stage.until(async () => (await restrictedUntil(name)) === null, `${name} is not restricted`, 20_000);

  /** What the account has sent so far; a ping to keep the line alive is nobody's doing. */
  const sentBy = (number: string) =>
    stage.simulator.stanzas.filter(
      ({ account, direction, node }) =>
        account === number && direction === 'in' && node.attrs.xmlns !== 'w:p',
    ).length;

  function expectHeldBack(answer: Answer, until: string): void {
    const message = `WhatsApp restricted this account: no calls to new contacts until ${until}`;
    expect(failureOf(answer)).toEqual(failure(429, 'whatsapp_restricted', message, expect.any(String)));
    const left = Math.ceil((Date.parse(until) - Date.now()) / 1000);
    expect(Number(failureOf(answer).retryAfter)).toBeGreaterThanOrEqual(Math.max(1, left));
  }

  it(
    'is left alone until the end of the time-lock behind a refusal with 463, and then calls again',
    async () => {
      const own = await newInstance('locked');
      const until = inSeconds(12);
      stage.simulator.limits.lockReachout(own, until);

      const refusal = failureOf(await call('locked'));

      const message = 'WhatsApp restricted this account: reaching out to new contacts is locked (463)';
      expect(refusal).toEqual(failure(429, 'whatsapp_restricted', message, expect.any(String)));
      const sent = sentBy(own);
      const heldBack = await Promise.all(Array.from({ length: 5 }, () => call('locked')));
      for (const answer of heldBack) expectHeldBack(answer, iso(until));
      expect(sentBy(own)).toBe(sent);
      expect(await stage.get('/api/call/list/locked')).toMatchObject({ body: { message: '1 Calls found' } });
      await untilTold('locked', 'restricted', 'unrestricted');
      expect(toldOf('locked')[0]?.until).toBe(iso(until));
      expect(Date.now()).toBeGreaterThanOrEqual(until * 1000);
      expect(await restrictedUntil('locked')).toBeNull();
      expect(await call('locked')).toMatchObject({ status: 200 });
    },
    TIMEOUT_MS,
  );

  it(
    'is left alone for the assumed time after a refusal with 429, whose end nobody tells',
    async () => {
      const own = await newInstance('busy');
      stage.simulator.limits.limitCalls(own, Date.now() + 600_000);

      const refusal = failureOf(await call('busy'));

      const message = 'WhatsApp restricted this account: too many calls (429)';
      const retryAfter = expect.stringMatching(/^([1-9]|10)$/);
      expect(refusal).toEqual(failure(429, 'whatsapp_restricted', message, retryAfter));
      stage.simulator.limits.limitCalls(own, undefined);
      const sent = sentBy(own);
      expect(await call('busy')).toMatchObject({ status: 429 });
      expect(sentBy(own)).toBe(sent);
      await untilTold('busy', 'restricted', 'unrestricted');
      expect(await call('busy')).toMatchObject({ status: 200 });
    },
    TIMEOUT_MS,
  );

  it(
    'goes on calling others when a refusal with 463 means one contact, who only needs to answer',
    async () => {
      const own = await newInstance('stranger');
      const shy = stage.newContact({ refusesStrangers: true });

      const refusal = failureOf(await call('stranger', shy));

      const message = 'WhatsApp refused this contact: they must call or write to this number first (463)';
      expect(refusal).toEqual(failure(429, 'whatsapp_restricted', message));
      const { body } = await stage.get(`/api/call/list/stranger?number=${shy}`);
      expect(body.calls).toMatchObject([{ outcome: 'refused', failureCode: 463, failureReason: message }]);
      expect(await restrictedUntil('stranger')).toBeNull();
      expect(await call('stranger')).toMatchObject({ status: 200 });
      stage.simulator.trustTokens.send(own, shy);
      await stage.until(
        async () => (await call('stranger', shy)).status === 200,
        'the contact, who knows the account now, can be called',
      );
      expect(toldOf('stranger')).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'is left alone from the notice of a time-lock on, until WhatsApp lifts it',
    async () => {
      const own = await newInstance('noticed');
      const until = inSeconds(3_600);
      const { limits } = stage.simulator;
      limits.lockReachout(own, until);
      limits.noticeReachoutLock(own);
      await untilTold('noticed', 'restricted');
      const sent = sentBy(own);
      expectHeldBack(await call('noticed'), iso(until));
      expect(sentBy(own)).toBe(sent);

      // An empty notice says nothing: WhatsApp is asked, and the lock stays.
      limits.noticeReachoutLock(own, 'empty');
      await stage.until(() => sentBy(own) >= sent + 2, 'the notice is acknowledged and WhatsApp is asked');
      expectHeldBack(await call('noticed'), iso(until));

      limits.lockReachout(own, undefined);
      limits.noticeReachoutLock(own);
      await untilTold('noticed', 'restricted', 'unrestricted');
      expect(await call('noticed')).toMatchObject({ status: 200 });
    },
    TIMEOUT_MS,
  );

  it(
    'is left alone for a minute, as by WhatsApp Web, when a notice tells no end',
    async () => {
      const own = await newInstance('endless');
      stage.simulator.limits.lockReachout(own, inSeconds(3_600));
      const before = Date.now();
      stage.simulator.limits.noticeReachoutLock(own, 'without-end');
      await untilTold('endless', 'restricted');
      const until = Date.parse(String(await restrictedUntil('endless')));
      expect(until).toBeGreaterThanOrEqual(before + 60_000);
      expect(until).toBeLessThanOrEqual(Date.now() + 60_000);
    },
    TIMEOUT_MS,
  );

  it(
    'stays restricted over a kill, and is lifted at a start after its end',
    async () => {
      const [own, brief] = [await newInstance('killed'), await newInstance('over')];
      const [until, soon] = [inSeconds(3_600), inSeconds(6)];
      const { limits } = stage.simulator;
      limits.lockReachout(own, until);
      limits.noticeReachoutLock(own);
      limits.lockReachout(brief, soon);
      limits.noticeReachoutLock(brief);
      await Promise.all([untilTold('killed', 'restricted'), untilTold('over', 'restricted')]);
      // What was delivered is also noted: else it would be delivered again some time after the kill, before anything newer.
      await stage.until(async () => {
        const { body } = await stage.get('/api/events/deliveries/over');
        return (body.deliveries as { status: string }[]).every(({ status }) => status === 'delivered');
      }, 'the deliveries are noted');
      await stage.product.kill();
      await stage.until(() => Date.now() > soon * 1000, 'the end of the shorter lock');

      await stage.restart();

      await Promise.all([
        stage.untilStatus('killed', 'connected', 20_000),
        stage.untilStatus('over', 'connected', 20_000),
      ]);
      await untilTold('over', 'restricted', 'unrestricted');
      expect(await call('over')).toMatchObject({ status: 200 });
      const sent = outreachOf(stage.simulator, own).length;
      expectHeldBack(await call('killed'), iso(until));
      expect(outreachOf(stage.simulator, own)).toHaveLength(sent);

      // What the process did not know itself is lifted by a notice all the same.
      limits.lockReachout(own, undefined);
      limits.noticeReachoutLock(own);
      await untilLifted('killed');
      expect(await call('killed')).toMatchObject({ status: 200 });
    },
    TIMEOUT_MS,
  );
});
