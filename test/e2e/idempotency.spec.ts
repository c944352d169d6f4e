import type { CallRecord } from '../simulator/index.js';
import { failure, failureOf } from '../support/failure.js';
import { Stage, type Answer } from '../support/stage.js';

const MISMATCH = failure(409, 'idempotency_mismatch', 'Idempotency key was used with a different request');
/** A call is mostly placed within two seconds. */
const IN_PROGRESS = failure(
  409,
  'idempotency_in_progress',
  'A request with this idempotency key is in progress',
  expect.stringMatching(/^[12]$/),
);
const INVALID_KEY = failure(400, 'invalid_idempotency_key', 'Invalid idempotency key');

describe('a call with an idempotency key', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
    await stage.linkedInstance('shop', '491510000040');
    await stage.linkedInstance('other', '491510000041');
  });

  afterAll(async () => {
    await stage.close();
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  const call = (key: string, body: Record<string, unknown>, instance = 'shop') =>
    stage.call(instance, body, { 'Idempotency-Key': key });

  function offersTo(number: string): CallRecord[] {
    return stage.simulator.calls.filter(({ calleeNumber }) => calleeNumber === number);
  }

  const replayed = ({ headers }: Answer) => headers.get('idempotency-replayed');

  function expectReplay(again: Answer, first: Answer): void {
    expect(replayed(first)).toBeNull();
    expect(replayed(again)).toBe('true');
    expect(failureOf(again)).toEqual(failureOf(first));
  }

  it('rings once and gets the first answer again, while it rings and after', async () => {
    const body = { number: stage.newContact(), duration: 1 };

    const first = await call('order 4711', body);
    expect(first.status).toBe(200);
    expectReplay(await call('order 4711', body), first);
    await stage.endedCall('shop', String(first.body.callId));
    expectReplay(await call('order 4711', body), first);

    expect(offersTo(body.number)).toHaveLength(1);
  });

  it('rings once when many send it at the same time', async () => {
    const body = { number: stage.newContact(), duration: 1 };

    const answers = await Promise.all(Array.from({ length: 8 }, () => call('herd', body)));

    expect(offersTo(body.number)).toHaveLength(1);
    expect(answers.filter((answer) => answer.status === 200 && !replayed(answer))).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expect(failureOf(answer)).toEqual(IN_PROGRESS);
    }
  });

  it('cannot be sent with another number or duration', async () => {
    const number = stage.newContact();
    expect(await call('mine', { number, duration: 1 })).toMatchObject({ status: 200 });

    expect(failureOf(await call('mine', { number, duration: 2 }))).toEqual(MISMATCH);
    expect(failureOf(await call('mine', { number: stage.newContact(), duration: 1 }))).toEqual(MISMATCH);
  });

  it('has a key of its own on each instance', async () => {
    const body = { number: stage.newContact(), duration: 1 };

    const answers = [await call('shared', body), await call('shared', body, 'other')];

    expect(answers.map((answer) => [answer.status, replayed(answer)])).toEqual([
      [200, null],
      [200, null],
    ]);
    expect(offersTo(body.number)).toHaveLength(2);
  });

  it('has to wait while the first one is in progress', async () => {
    const body = {
      number: stage.newContact({ ack: { delayMs: 600 }, behaviour: { kind: 'silent' } }),
      duration: 1,
    };
    const first = call('slow', body);
    await stage.simulator.waitForCall(({ calleeNumber }) => calleeNumber === body.number);

    expect(failureOf(await call('slow', body))).toEqual(IN_PROGRESS);
    expect(failureOf(await call('slow', { ...body, duration: 2 }))).toEqual(MISMATCH);

    expectReplay(await first.then(() => call('slow', body)), await first);
  });

  it('gets the refusal of WhatsApp again and asks nobody', async () => {
    const refused = { number: stage.newContact({ ack: { errorAttribute: 406 } }), duration: 1 };
    const first = await call('refused', refused);
    expect(first.status).toBe(500);
    stage.simulator.addContact({ number: refused.number });

    expectReplay(await call('refused', refused), first);
    expect(offersTo(refused.number)).toHaveLength(1);
  });

  it('hears again that a number is unknown, and that a callee cannot be reached', async () => {
    const unknown = { number: stage.newNumber(), duration: 1 };
    const unreachable = { number: stage.newContact({ devices: [] }), duration: 1 };
    const answers = [await call('unknown', unknown), await call('unreachable', unreachable)];
    expect(answers.map(({ status }) => status)).toEqual([400, 500]);
    for (const { number } of [unknown, unreachable]) stage.simulator.addContact({ number, devices: [0] });

    const again = [await call('unknown', unknown), await call('unreachable', unreachable)];

    expect(again.map(replayed)).toEqual(['true', 'true']);
    expect(again.map(failureOf)).toEqual(answers.map(failureOf));
  });

  it('may use its key again after a mistake in the request', async () => {
    const number = stage.newContact();
    for (const mistake of [{ number, duration: 99 }, { number: 'CALLME' }, { duration: 1 }]) {
      expect((await call('typo', mistake)).status).toBe(400);
    }

    const answer = await call('typo', { number, duration: 1 });
    expect([answer.status, replayed(answer)]).toEqual([200, null]);
  });

  it('may use its key again after the instance was missing, offline or at its limit', async () => {
    const body = { number: stage.newContact(), duration: 1 };
    expect((await call('early', body, 'late')).status).toBe(404);
    await stage.newInstance('late', {});
    expect((await call('early', body, 'late')).status).toBe(503);
    await stage.link('late', '491510000042');
    await stage.post('/api/instance/settings/late', { maxConcurrentCalls: 1 });
    const other = await stage.call('late', { number: stage.newContact(), duration: 1 });
    expect((await call('early', body, 'late')).status).toBe(409);
    await stage.endedCall('late', String(other.body.callId));

    const answer = await call('early', body, 'late');
    expect([answer.status, replayed(answer)]).toEqual([200, null]);
    expect(offersTo(body.number)).toHaveLength(1);
  });

  it.each([
    ['empty', ''],
    ['longer than 255 characters', 'k'.repeat(256)],
    ['not ASCII', 'clé'],
    ['with a tab inside', 'a\tb'],
  ])('is refused when the key is %s', async (_, key) => {
    const number = stage.newContact();

    expect(failureOf(await call(key, { number, duration: 1 }))).toEqual(INVALID_KEY);
    expect(offersTo(number)).toEqual([]);
  });

  it('takes a key of 255 printable characters', async () => {
    const body = { number: stage.newContact(), duration: 1 };

    const first = await call('~'.repeat(255), body);
    expect(first.status).toBe(200);
    expectReplay(await call('~'.repeat(255), body), first);
  });

  it('is remembered by the next process, and a request that was killed half-way never rings twice', async () => {
    const done = { number: stage.newContact(), duration: 1 };
    const first = await call('before the restart', done);
    const killed = {
      number: stage.newContact({ ack: { delayMs: 8_000 }, behaviour: { kind: 'silent' } }),
      duration: 1,
    };
    const lost = call('killed', killed).catch(() => 'no answer');
    await stage.simulator.waitForCall(({ calleeNumber }) => calleeNumber === killed.number);

    await stage.product.kill();
    expect(await lost).toBe('no answer');
    await stage.restart();
    await stage.untilStatus('shop', 'connected');

    expectReplay(await call('before the restart', done), first);
    const after = await call('killed', killed);
    expect(replayed(after)).toBe('true');
    expect(failureOf(after)).toEqual(
      failure(500, 'call_not_acknowledged', 'Ringdrop stopped before WhatsApp acknowledged the call'),
    );
    expect(offersTo(done.number)).toHaveLength(1);
    expect(offersTo(killed.number)).toHaveLength(1);
  });

  it('may use its key again when the process was killed before anything left', async () => {
    const body = { number: stage.newContact(), duration: 1 };
    let asked = false;
    const answerLookups = stage.simulator.ignoreIq(({ attrs }) => {
      const isLookup = attrs.xmlns === 'usync';
      asked ||= isLookup;
      return isLookup;
    });
    const lost = call('looked up', body).catch(() => 'no answer');
    await stage.until(() => asked, 'WhatsApp is asked who the callee is');

    await stage.product.kill();
    expect(await lost).toBe('no answer');
    answerLookups();
    await stage.restart();
    await stage.untilStatus('shop', 'connected');

    const { body: list } = await stage.get(`/api/call/list/shop?number=${body.number}`);
    // A call is stored with all it takes to hang it up, before its offer leaves, and not earlier.
    expect(list.calls).toEqual([]);
    const answer = await call('looked up', body);
    expect([answer.status, replayed(answer)]).toEqual([200, null]);
    expect(offersTo(body.number)).toHaveLength(1);
  });
});
