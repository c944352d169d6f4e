import { failure, failureOf, type Failure } from '../support/failure.js';
import { Stage } from '../support/stage.js';

const CALLER = '491510000010';
const CALLEE = '491550000001';
const GOOD = { number: CALLEE, duration: 1 };

const invalidBody = (detail: string) => failure(400, 'invalid_body', `Invalid request body: ${detail}`);
const invalidNumber = (detail: string) => failure(400, 'invalid_number', `Invalid number: ${detail}`);
const NUMBER_REQUIRED = failure(400, 'number_required', 'Number is required');
const OUT_OF_RANGE = failure(400, 'duration_out_of_range', 'Duration must be between 1 and 60 seconds');
const INSTANCE_REQUIRED = failure(400, 'instance_required', 'Instance name is required');
const NOT_FOUND = failure(404, 'instance_not_found', 'instance not found');
const NOT_CONNECTED = failure(503, 'instance_not_connected', 'Instance is not connected to WhatsApp');
const NO_PERSON = 'only people can be called, not groups, channels or broadcasts';
const noDigits = (place: string) => invalidNumber(`only digits and + - ( ) . are allowed, not ${place}`);
const SERVERS = 'what follows the @ must be s.whatsapp.net, c.us or lid';
const BEGINS_WITH_0 = invalidNumber(
  'it begins with 0; write the country code first, without 00 or 0 before it, as in 5511999999999',
);

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
  await stage.linkedInstance('shop', CALLER);
});

afterAll(async () => {
  await stage.close();
});

describe('what a request to call must look like', () => {
  beforeAll(async () => {
    await stage.newInstance('unlinked');
    stage.simulator.addContact({ number: CALLEE });
  });

  async function failureOfCall(body: unknown, instance = 'shop'): Promise<Failure> {
    const answer = await stage.post(`/api/call/fake/${instance}`, body);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
    return failureOf(answer);
  }

  it.each<[string, unknown, Failure]>([
    ['no body', undefined, NUMBER_REQUIRED],
    ['an empty body', '', NUMBER_REQUIRED],
    ['half a JSON text', '{"number":', invalidBody('it is not valid JSON')],
    ['a form', 'number=491550000001', invalidBody('it is not valid JSON')],
    ['an array', [GOOD], invalidBody('a JSON object is expected')],
    ['null', 'null', invalidBody('a JSON object is expected')],
    ['a text', '"491550000001"', invalidBody('a JSON object is expected')],
    ['a number as an integer', { number: 491550000001 }, invalidBody('number must be a string')],
    ['a number as an object', { number: { $ne: '' } }, invalidBody('number must be a string')],
    ['no number', {}, NUMBER_REQUIRED],
    ['null as number', { number: null }, NUMBER_REQUIRED],
    ['an empty number', { number: '' }, NUMBER_REQUIRED],
    ['a blank number', { number: ' \t ' }, NUMBER_REQUIRED],
    ['a duration as text', { ...GOOD, duration: '15' }, invalidBody('duration must be an integer number')],
    ['half seconds', { ...GOOD, duration: 8.5 }, invalidBody('duration must be an integer number')],
    ['a truth as duration', { ...GOOD, duration: true }, invalidBody('duration must be an integer number')],
    ['a list as duration', { ...GOOD, duration: [8] }, invalidBody('duration must be an integer number')],
    ['61 seconds', { ...GOOD, duration: 61 }, OUT_OF_RANGE],
    ['-1 seconds', { ...GOOD, duration: -1 }, OUT_OF_RANGE],
    ['a huge duration', { ...GOOD, duration: 1e300 }, OUT_OF_RANGE],
    ['letters', { number: '49155CALLME' }, noDigits("'C' at position 6")],
    ['letters that look like digits', { number: '4915500000О1' }, noDigits("'О' (U+041E) at position 11")],
    ['a NUL in the number', { number: '49155000\u00000001' }, noDigits('U+0000 at position 9')],
    ['a number with 00', { number: '00491550000001' }, BEGINS_WITH_0],
    ['a number without country code', { number: '01550000001' }, BEGINS_WITH_0],
    ['0 at the beginning of an address', { number: '01550000001@c.us' }, BEGINS_WITH_0],
    ['only punctuation', { number: '+()-.' }, invalidNumber('it has fewer than 7 digits')],
    ['6 digits', { number: '123456' }, invalidNumber('it has fewer than 7 digits')],
    ['16 digits', { number: '1234567890123456' }, invalidNumber('it has more than 15 digits')],
    ['a group', { number: '120363041234567890@g.us' }, invalidNumber(NO_PERSON)],
    ['a newsletter', { number: '120363041234567890@newsletter' }, invalidNumber(NO_PERSON)],
    ['a broadcast', { number: 'status@broadcast' }, invalidNumber(NO_PERSON)],
    ['a bot', { number: '13135550002@bot' }, invalidNumber('this is a bot, and only people can be called')],
    ['a mail address', { number: 'ana@example.com' }, invalidNumber(SERVERS)],
    ['two @', { number: '491550000001@lid@lid' }, invalidNumber('it has more than one @')],
    ['a bad type and no number', { duration: '15' }, invalidBody('duration must be an integer number')],
    ['no number and a bad duration', { duration: 61 }, NUMBER_REQUIRED],
    ['a bad duration and a bad number', { number: 'CALLME', duration: 61 }, OUT_OF_RANGE],
  ])('refuses %s', async (_, body, expected) => {
    expect(await failureOfCall(body)).toEqual(expected);
    expect(stage.simulator.calls).toEqual([]);
  });

  it('refuses a body of 101 kB', async () => {
    expect(await failureOfCall({ ...GOOD, note: 'x'.repeat(101 * 1024) })).toEqual(
      failure(413, 'body_too_large', 'Request body is larger than 100 kB'),
    );
  });

  it.each(['/api/call/fake', '/api/call/fake/', '/api/call/fake/%20', '/api/call/fake/%09%20'])(
    'asks for the instance name at %s, whatever the body',
    async (route) => {
      expect(failureOf(await stage.post(route, GOOD))).toEqual(INSTANCE_REQUIRED);
      expect(failureOf(await stage.post(route, '{'))).toEqual(INSTANCE_REQUIRED);
    },
  );

  it.each(['unknown', 'SHOP', 'shop%20', '%00', '%F0%9F%93%9E', 'a'.repeat(101), "shop'--"])(
    'knows no instance %s',
    async (name) => {
      expect(await failureOfCall(GOOD, name)).toEqual(NOT_FOUND);
    },
  );

  it('does not understand a path that is not percent-encoding', async () => {
    expect(await failureOfCall(GOOD, '%zz')).toEqual(
      failure(
        400,
        'bad_request',
        'Request cannot be understood: its path is not valid UTF-8 in percent-encoding',
      ),
    );
  });

  it('tells a bad body before an unknown instance, and that before a missing connection', async () => {
    expect(await failureOfCall({}, 'unknown')).toEqual(NUMBER_REQUIRED);
    expect(await failureOfCall({ number: 'CALLME' }, 'unlinked')).toEqual(noDigits("'C' at position 1"));
    expect(await failureOfCall(GOOD, 'unlinked')).toEqual(NOT_CONNECTED);
  });

  it('tells a stranger about the token only', async () => {
    const missing = await stage.post('/api/call/fake/%20', '{', { token: '' });
    expect(failureOf(missing)).toMatchObject({
      status: 401,
      body: { error: { message: 'Missing token in header' } },
    });
    const wrong = await stage.post('/api/call/fake/shop', '{', { token: 'rda_nobody' });
    expect(failureOf(wrong)).toMatchObject({ status: 401, body: { error: { message: 'Invalid token' } } });
    const admin = await stage.post('/api/call/fake/shop', GOOD, { token: stage.adminToken });
    expect(failureOf(admin)).toMatchObject({ status: 401, body: { error: { message: 'Invalid token' } } });
  });

  it('lets an instance token call on its own instance only', async () => {
    const { token } = await stage.newInstance('sibling');

    const own = await stage.post('/api/call/fake/sibling', GOOD, { token });
    expect(failureOf(own)).toEqual(NOT_CONNECTED);
    const other = await stage.post('/api/call/fake/shop', '{', { token });
    expect(failureOf(other)).toMatchObject({
      status: 403,
      body: { success: false, error: { message: 'Instance token does not match instance' } },
    });
  });

  it('shows an instance of another account to nobody', async () => {
    const { body } = await stage.post('/api/account/new', { name: 'stranger' }, { token: stage.adminToken });
    const { token } = body.account as { token: string };

    expect(failureOf(await stage.post('/api/call/fake/shop', GOOD, { token }))).toEqual(NOT_FOUND);
    expect(failureOf(await stage.get('/api/call/list/shop', { token }))).toEqual(NOT_FOUND);
    expect(failureOf(await stage.get('/api/call/info/shop?callId=00', { token }))).toEqual(NOT_FOUND);
    expect(failureOf(await stage.post('/api/call/cancel/shop', { callId: '00' }, { token }))).toEqual(
      NOT_FOUND,
    );
  });

  it('does not call on an instance that was logged out, here or on the phone', async () => {
    await stage.linkedInstance('left-here', '491510000011');
    await stage.delete('/api/instance/logout/left-here');
    expect(await failureOfCall(GOOD, 'left-here')).toEqual(NOT_CONNECTED);

    await stage.linkedInstance('left-there', '491510000012');
    stage.simulator.disconnect('491510000012', { kind: 'device-removed' });
    await stage.untilStatus('left-there', 'loggedout');
    expect(await failureOfCall(GOOD, 'left-there')).toEqual(NOT_CONNECTED);
  });

  it('keeps no row of anything that it refused', async () => {
    for (const name of ['shop', 'unlinked', 'sibling']) {
      const { body } = await stage.get(`/api/call/list/${name}`);
      expect(body).toMatchObject({ message: '0 Calls found', calls: [] });
    }
    expect(stage.simulator.violations).toEqual([]);
  });
});

describe('what a request to call may look like', () => {
  const number = '491550000002';

  beforeAll(() => {
    stage.simulator.addContact({ number, behaviour: { kind: 'rejects' } });
  });

  it.each([
    ['omitted', {}],
    ['null', { duration: null }],
    ['0', { duration: 0 }],
  ])('rings 8 seconds when the duration is %s', async (_, fields) => {
    const { status, body } = await stage.call('shop', { number, ...fields });

    expect([status, body.duration]).toEqual([200, 8]);
    expect(await stage.callInfo('shop', String(body.callId))).toMatchObject({ duration: 8 });
  });

  it('takes 60 seconds', async () => {
    expect(await stage.call('shop', { number, duration: 60 })).toMatchObject({
      status: 200,
      body: { duration: 60 },
    });
  });

  it('takes JSON under any content type and ignores fields that it does not know', async () => {
    const body = { number, duration: 1, message: 'hello', __proto__: null };
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=utf-8',
    ]) {
      const answer = await stage.post('/api/call/fake/shop', body, { headers: { 'content-type': type } });
      expect(answer.status).toBe(200);
      expect(Object.keys(answer.body)).toEqual(['success', 'message', 'callId', 'number', 'duration']);
    }
    expect(stage.simulator.violations).toEqual([]);
  });
});
