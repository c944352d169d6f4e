import { failure, failureOf } from '../support/failure.js';
import { Stage } from '../support/stage.js';

const NO_CALL = failure(404, 'call_not_found', 'call not found');
const ENDED = failure(409, 'call_already_ended', 'Call has already ended');
const UNKNOWN_ID = `00${'A'.repeat(30)}`;

describe('a call after it was placed', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
    await Promise.all([
      stage.linkedInstance('shop', '491510000030'),
      stage.linkedInstance('other', '491510000031'),
      stage.linkedInstance('lists', '491510000032'),
      stage.linkedInstance('called', '491510000033'),
    ]);
  });

  afterAll(async () => {
    await stage.close();
  });

  afterEach(() => {
    expect(stage.simulator.violations).toEqual([]);
  });

  const newContact = (kind: 'rings' | 'rejects' = 'rings', devices = [0]) =>
    stage.newContact({ devices, behaviour: { kind } });

  async function place(instance: string, number: string, duration = 30): Promise<string> {
    const { status, body } = await stage.call(instance, { number, duration });
    expect(status).toBe(200);
    return String(body.callId);
  }

  const cancel = (instance: string, body: unknown) => stage.post(`/api/call/cancel/${instance}`, body);
  const list = (query: string) => stage.get(`/api/call/list/lists?${query}`);
  const idsIn = (body: Record<string, unknown>) =>
    (body.calls as { callId: string }[]).map(({ callId }) => callId);

  it('can be cancelled while it rings: all phones stop, and nothing can be cancelled twice', async () => {
    const callId = await place('shop', newContact('rings', [0, 4]));
    await stage.until(async () => (await stage.callInfo('shop', callId)).state === 'ringing', 'it rings');

    const answer = await cancel('shop', { callId });

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      success: true,
      message: 'Call cancelled',
      call: await stage.callInfo('shop', callId),
    });
    expect(answer.body.call).toMatchObject({ callId, state: 'ended', outcome: 'cancelled', duration: 30 });
    await stage.simulator.waitForCall(
      (call) =>
        call.callId === callId &&
        call.devices.every(
          ({ ringStoppedAt, terminateStanzaIds }) => ringStoppedAt && terminateStanzaIds.length === 1,
        ),
    );
    expect(failureOf(await cancel('shop', { callId }))).toEqual(ENDED);
  });

  it('cannot be cancelled after the callee ended it', async () => {
    const callId = await place('shop', newContact('rejects'));
    await stage.endedCall('shop', callId);

    expect(failureOf(await cancel('shop', { callId }))).toEqual(ENDED);
  });

  it.each([UNKNOWN_ID, 'nonsense', "' OR 1=1", '\u0000', '🤙', 'x'.repeat(5_000)])(
    'is not found by the id %j',
    async (callId) => {
      expect(failureOf(await cancel('shop', { callId }))).toEqual(NO_CALL);
      const info = await stage.get(`/api/call/info/shop?callId=${encodeURIComponent(callId)}`);
      expect(failureOf(info)).toEqual(NO_CALL);
    },
  );

  it.each<[unknown, string]>([
    [{}, 'callId is required'],
    [{ callId: null }, 'callId is required'],
    [{ callId: '' }, 'callId is required'],
    [{ callId: 7 }, 'callId must be a string'],
    [[], 'a JSON object is expected'],
    ['{', 'it is not valid JSON'],
  ])('cannot be cancelled with the body %j', async (body, detail) => {
    expect(failureOf(await cancel('shop', body))).toEqual(
      failure(400, 'invalid_body', `Invalid request body: ${detail}`),
    );
  });

  it.each(['', '?callId=', '?callId=a&callId=b'])(
    'cannot be looked up with the query "%s"',
    async (query) => {
      expect(failureOf(await stage.get(`/api/call/info/shop${query}`))).toMatchObject({
        status: 400,
        code: 'invalid_query',
        body: { error: { message: expect.stringMatching(/^Invalid query: callId /) } },
      });
    },
  );

  it('belongs to its instance', async () => {
    const callId = await place('shop', newContact('rejects'));

    expect(failureOf(await stage.get(`/api/call/info/other?callId=${callId}`))).toEqual(NO_CALL);
    expect(failureOf(await cancel('other', { callId }))).toEqual(NO_CALL);
    const unknown = await stage.get(`/api/call/info/unknown?callId=${callId}`);
    expect(failureOf(unknown)).toEqual(failure(404, 'instance_not_found', 'instance not found'));
  });

  it('is found in the list by page, state, outcome, number and time', async () => {
    const rejecting = newContact('rejects');
    const first = await place('lists', rejecting);
    await stage.endedCall('lists', first);
    const second = await place('lists', newContact('rejects'));
    const secondCall = await stage.endedCall('lists', second);
    const third = await place('lists', newContact());

    const page = await list('limit=2');
    expect(page.body).toMatchObject({ success: true, message: '2 Calls found' });
    expect(idsIn(page.body)).toEqual([third, second]);
    const { nextCursor } = page.body.meta as { nextCursor: string };
    const rest = await list(`limit=2&cursor=${nextCursor}`);
    expect(rest.body).toMatchObject({ message: '1 Calls found', meta: { nextCursor: null } });
    expect(idsIn(rest.body)).toEqual([first]);

    expect(idsIn((await list('')).body)).toEqual([third, second, first]);
    expect(idsIn((await list('limit=3')).body)).toEqual([third, second, first]);
    expect(idsIn((await list('state=ended')).body)).toEqual([second, first]);
    expect(idsIn((await list('outcome=rejected&limit=200')).body)).toEqual([second, first]);
    expect(idsIn((await list('outcome=answered')).body)).toEqual([]);
    const spelled = encodeURIComponent(`+${rejecting}`);
    expect(idsIn((await list(`number=${spelled}`)).body)).toEqual([first]);
    const since = String(secondCall.requestedAt);
    expect(idsIn((await list(`from=${since}`)).body)).toEqual([third, second]);
    expect(idsIn((await list(`to=${since}`)).body)).toEqual([first]);
    const { body } = await stage.get(`/api/call/info/lists?callId=${second}`);
    expect((await list(`from=${since}&outcome=rejected`)).body.calls).toEqual([body.call]);

    await cancel('lists', { callId: third });
    expect(idsIn((await list('outcome=cancelled')).body)).toEqual([third]);
  });

  it('has a cursor that tells nothing about other instances and is worth nothing there', async () => {
    await stage.endedCall('lists', await place('lists', newContact('rejects')));
    const { body } = await list('limit=1');
    const { nextCursor } = body.meta as { nextCursor: string };
    expect(Buffer.from(nextCursor, 'base64url').toString('latin1')).not.toMatch(/^\d+$/);
    expect(await list(`limit=1&cursor=${nextCursor}`)).toMatchObject({ status: 200 });
    const refused = failure(
      400,
      'invalid_query',
      'Invalid query: cursor is not one that a list of this instance answered',
    );
    expect(failureOf(await stage.get(`/api/call/list/shop?cursor=${nextCursor}`))).toEqual(refused);
    // What earlier releases answered: the row id.
    expect(failureOf(await list('cursor=MTIzNA'))).toEqual(refused);
  });

  it('is listed and found when it is an incoming one, for those who ask, and cannot be cancelled', async () => {
    const from = newContact();
    const callId = stage.simulator.sendCallTo('491510000033', { from, kind: 'offer', isVideo: true });
    const calls = async (query: string) =>
      (await stage.get(`/api/call/list/called?${query}`)).body.calls as Record<string, unknown>[];
    await stage.until(async () => (await calls('direction=incoming')).length === 1, 'the call is stored');
    const info = await stage.callInfo('called', callId);
    expect(info).toMatchObject({
      ...{ callId, direction: 'incoming', number: from, state: 'ringing', outcome: null, duration: null },
      ...{ isVideo: true, isGroup: false, endedAt: null, failureReason: null },
    });
    const answer = await stage.post('/api/call/cancel/called', { callId });
    expect(failureOf(answer)).toEqual(
      failure(409, 'call_is_incoming', 'Only calls that were placed here can be cancelled'),
    );
    stage.simulator.sendCallTo('491510000033', { from, kind: 'terminate', callId });
    await stage.endedCall('called', callId);
    const placed = await place('called', newContact('rejects'));
    await stage.endedCall('called', placed);
    expect(await calls('')).toMatchObject([{ callId: placed, direction: 'outgoing' }]);
    expect(await calls('direction=all')).toMatchObject([{ callId: placed }, { callId, outcome: 'missed' }]);
    expect(await calls(`direction=incoming&number=${from}&outcome=missed&state=ended`)).toHaveLength(1);
    const other = await stage.get(`/api/call/info/shop?callId=${callId}`);
    expect(failureOf(other)).toEqual(NO_CALL);
  });

  it.each([
    'direction=both',
    'state=RINGING',
    'outcome=x',
    'number=CALLME',
    'from=yesterday',
    'to=2026-02-30T99:00:00Z',
    'limit=0',
    'limit=201',
    'limit=-1',
    'limit=abc',
    'limit=',
    'cursor=',
    'cursor=%00',
    'cursor=garbage',
    `cursor=${Buffer.from('99999999999999999999').toString('base64url')}`,
    'limit=1&limit=2',
  ])('is not looked for with %s', async (query) => {
    expect(failureOf(await list(query))).toMatchObject({
      status: 400,
      code: 'invalid_query',
      body: {
        success: false,
        error: { message: expect.stringContaining(`Invalid query: ${query.split('=')[0]} `) },
      },
    });
  });

  it.each(['list', 'info', 'cancel'])('asks for the instance name at /api/call/%s', async (route) => {
    const method = route === 'cancel' ? 'POST' : 'GET';
    for (const path of [`/api/call/${route}`, `/api/call/${route}/`, `/api/call/${route}/%20`]) {
      expect(failureOf(await stage.request(method, path))).toEqual(
        failure(400, 'instance_required', 'Instance name is required'),
      );
    }
  });
});
