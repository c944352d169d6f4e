import { failure, failureOf } from '../support/failure.js';
import { Stage, type Answer } from '../support/stage.js';

const TOO_MANY = 'Too many calls are in progress on this instance';

describe('how many calls an instance makes', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
    await Promise.all([
      stage.linkedInstance('one', '491510000020'),
      stage.linkedInstance('many', '491510000021'),
      stage.linkedInstance('five', '491510000022'),
      stage.linkedInstance('paced', '491510000023'),
      stage.linkedInstance('cool', '491510000024'),
    ]);
    await settings('one', { maxConcurrentCalls: 1 });
    await settings('five', { maxConcurrentCalls: 5 });
    await settings('paced', { minSecondsBetweenCalls: 30 });
    await settings('cool', { numberCooldownSeconds: 3_600 });
  });

  afterAll(async () => {
    await stage.close();
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  async function settings(instance: string, fields: Record<string, number>): Promise<void> {
    const { status } = await stage.post(`/api/instance/settings/${instance}`, fields);
    expect(status).toBe(200);
  }

  const call = (instance: string, number = stage.newContact()) =>
    stage.call(instance, { number, duration: 1 });
  const statusesOf = (answers: readonly Answer[]) => answers.map(({ status }) => status);

  it('has a place for the next call as soon as the only one ends', async () => {
    const first = await call('one');
    expect(first.status).toBe(200);

    expect(failureOf(await call('one'))).toEqual(
      failure(409, 'too_many_calls', TOO_MANY, expect.stringMatching(/^[12]$/)),
    );

    await stage.endedCall('one', String(first.body.callId));
    expect(await call('one')).toMatchObject({ status: 200 });
  });

  it('lets exactly as many in as are allowed when twenty ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('five')));

    expect(statusesOf(answers).sort()).toEqual([...Array(5).fill(200), ...Array(15).fill(409)]);
    const { body } = await stage.get('/api/call/list/five');
    expect(body.message).toBe('5 Calls found');
  });

  it('places twenty calls at once, each with its own key and its full time', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('many')));

    expect(statusesOf(answers)).toEqual(Array(20).fill(200));
    const callIds = new Set(answers.map(({ body }) => String(body.callId)));
    expect(callIds.size).toBe(20);
    const ended = await Promise.all([...callIds].map((callId) => stage.endedCall('many', callId)));
    for (const { outcome, ringSeconds } of ended) {
      expect(outcome).toBe('completed');
      expect(ringSeconds).toBeGreaterThanOrEqual(0.95);
    }
    const devices = stage.simulator.calls
      .filter(({ callId }) => callIds.has(callId))
      .flatMap((one) => one.devices);
    expect(new Set(devices.map(({ callKey }) => callKey?.toString('hex'))).size).toBe(20);
    expect(devices.map(({ terminateStanzaIds }) => terminateStanzaIds.length)).toEqual(Array(20).fill(1));
  });

  it('leaves the pause between two calls that its owner wants', async () => {
    expect(await call('paced')).toMatchObject({ status: 200 });

    const second = failureOf(await call('paced'));

    const message = 'Calls on this instance must be at least 30 seconds apart';
    expect(second).toEqual(failure(429, 'call_pacing', message, expect.stringMatching(/^(29|30)$/)));
    await settings('paced', { minSecondsBetweenCalls: 0 });
    expect(await call('paced')).toMatchObject({ status: 200 });
  });

  it('keeps the pause when many ask at once, and lets the next call in when it is over', async () => {
    await settings('paced', { minSecondsBetweenCalls: 0 });
    await call('paced');
    await settings('paced', { minSecondsBetweenCalls: 600 });
    expect(statusesOf(await Promise.all(Array.from({ length: 10 }, () => call('paced'))))).toEqual(
      Array(10).fill(429),
    );

    await settings('paced', { minSecondsBetweenCalls: 2 });
    await stage.until(async () => (await call('paced')).status === 200, 'the pause is over');
    await settings('paced', { minSecondsBetweenCalls: 600 });
    const { body } = await stage.get('/api/call/list/paced');
    const [newest, before] = (body.calls as { requestedAt: string }[]).map(({ requestedAt }) =>
      Date.parse(requestedAt),
    );
    expect((newest ?? 0) - (before ?? 0)).toBeGreaterThanOrEqual(2_000);
  });

  it('lets one of many calls to a number in that ask at once', async () => {
    const number = stage.newContact();
    const answers = await Promise.all(Array.from({ length: 10 }, () => call('cool', number)));
    expect(statusesOf(answers).sort()).toEqual([200, ...Array<number>(9).fill(429)]);
    for (const answer of answers.filter(({ status }) => status === 429)) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3_580);
    }
  });

  it('leaves a number alone for as long as its owner wants, however it is written, and calls others', async () => {
    const number = stage.newContact();
    expect(await call('cool', number)).toMatchObject({ status: 200 });

    const again = failureOf(await call('cool', `+${number}@s.whatsapp.net`));

    const message = 'This number was called less than 3600 seconds ago';
    expect(again).toEqual(failure(429, 'number_cooldown', message, expect.stringMatching(/^(3599|3600)$/)));
    expect(await call('cool')).toMatchObject({ status: 200 });
  });
});
