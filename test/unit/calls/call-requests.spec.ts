import { openCursor, sealCursor } from '../../../src/calls/lists/call-cursor.js';
import { toCallDto } from '../../../src/calls/api/views.js';
import { CancelCallDto, FakeCallDto, ListCallsDto } from '../../../src/calls/api/requests.js';
import { fingerprintOf } from '../../../src/calls/place/fake-call.js';
import { parseIdempotencyKey } from '../../../src/calls/idempotency/idempotent-requests.js';
import { SecretBox } from '../../../src/common/crypto/secret-box.js';
import { RequestValidationPipe } from '../../../src/common/http/validation.pipe.js';
import { MemoryCalls } from './support/memory-calls.js';

const pipe = new RequestValidationPipe();

async function fakeCall(body: unknown) {
  const dto: unknown = await pipe.transform(body, { type: 'body', metatype: FakeCallDto });
  if (!(dto instanceof FakeCallDto)) throw new Error('no body');
  return dto.toRequest();
}

async function listQuery(query: unknown) {
  const dto: unknown = await pipe.transform(query, { type: 'query', metatype: ListCallsDto });
  if (!(dto instanceof ListCallsDto)) throw new Error('no query');
  return dto.toFilter();
}

const number = '+55 (11) 99999-9999';

describe('the body of a fake call', () => {
  it.each([[undefined], [null], [0]])('rings 8 seconds when the duration is %p', async (duration) => {
    expect(await fakeCall({ number, duration })).toMatchObject({ durationSeconds: 8 });
  });

  it.each([[1], [15], [60]])('rings %p seconds when that is asked for', async (duration) => {
    expect(await fakeCall({ number, duration })).toMatchObject({
      durationSeconds: duration,
      number: '5511999999999',
    });
  });

  it.each([[[]], ['text'], [null], [7]])('must be an object, not %j', async (body) => {
    await expect(Promise.resolve().then(() => fakeCall(body))).rejects.toMatchObject({
      code: 'invalid_body',
    });
  });

  it.each([['15'], [8.5], [true], [[8]], [Infinity]])(
    'names a duration of the wrong type: %j',
    async (duration) => {
      await expect(fakeCall({ number, duration })).rejects.toMatchObject({
        code: 'invalid_body',
        message: 'Invalid request body: duration must be an integer number',
      });
    },
  );

  it.each([[5511999999999], [true], [{}], [['5511999999999']]])(
    'names a number of the wrong type: %j',
    async (wrong) => {
      await expect(fakeCall({ number: wrong })).rejects.toMatchObject({
        code: 'invalid_body',
        message: 'Invalid request body: number must be a string',
      });
    },
  );

  it.each([[undefined], [null], [''], ['  ']])('needs a number, %j is none', async (missing) => {
    await expect(fakeCall({ number: missing })).rejects.toMatchObject({
      code: 'number_required',
      message: 'Number is required',
    });
  });

  it.each([[-1], [61], [1e9]])('refuses to ring %p seconds', async (duration) => {
    await expect(fakeCall({ number, duration })).rejects.toMatchObject({
      code: 'duration_out_of_range',
      message: 'Duration must be between 1 and 60 seconds',
    });
  });

  it.each([
    ['+-'],
    ['123456'],
    ['1234567890123456'],
    ['abc'],
    ['120363000000000000@g.us'],
    ['9'.repeat(90_000)],
  ])('refuses %.30p as a number', async (wrong) => {
    await expect(fakeCall({ number: wrong })).rejects.toMatchObject({
      code: 'invalid_number',
      message: expect.stringMatching(/^Invalid number: .{5,100}$/) as unknown,
    });
  });

  it('tells several faults in the order type, missing number, duration, malformed number', async () => {
    await expect(fakeCall({ number: '', duration: '15' })).rejects.toMatchObject({ code: 'invalid_body' });
    await expect(fakeCall({ number: 5, duration: 99 })).rejects.toMatchObject({ code: 'invalid_body' });
    await expect(fakeCall({ number: '', duration: 99 })).rejects.toMatchObject({ code: 'number_required' });
    await expect(fakeCall({ number: 'x', duration: 99 })).rejects.toMatchObject({
      code: 'duration_out_of_range',
    });
    await expect(fakeCall({ number: 'x', duration: 9 })).rejects.toMatchObject({ code: 'invalid_number' });
  });

  it('is the same request however its number and its default are spelled', async () => {
    const [one, two, other] = await Promise.all([
      fakeCall({ number, duration: 8 }),
      fakeCall({ number: '5511999999999', extra: true }),
      fakeCall({ number, duration: 9 }),
    ]);
    expect(fingerprintOf(one)).toEqual(fingerprintOf(two));
    expect(fingerprintOf(one)).not.toEqual(fingerprintOf(other));
    expect(fingerprintOf(one)).toHaveLength(32);
  });
});

describe('the body of a cancellation', () => {
  it.each([[{}], [{ callId: 5 }], [{ callId: '' }]])('must name a call: %j', async (body) => {
    await expect(pipe.transform(body, { type: 'body', metatype: CancelCallDto })).rejects.toMatchObject({
      code: 'invalid_body',
      message: expect.stringMatching(/^Invalid request body: callId /) as unknown,
    });
  });
});

describe('the query of a list', () => {
  it('asks for 50 calls unless it says otherwise', async () => {
    expect(await listQuery({})).toMatchObject({ limit: 50 });
    expect(await listQuery({ limit: '200' })).toMatchObject({ limit: 200 });
  });

  it('finds a Brazilian number in both of its forms', async () => {
    expect(await listQuery({ number })).toMatchObject({ numbers: ['5511999999999', '551199999999'] });
  });

  it.each([
    ['551133334444', ['551133334444']],
    ['5215512345678', ['5215512345678', '525512345678']],
    ['541112345678', ['541112345678', '5491112345678']],
    ['\u202a+49 151 12345678\u202c', ['4915112345678']],
    ['123456789012345:3@LID', ['123456789012345']],
  ])('finds %j in the forms in which it would be called', async (text, numbers) => {
    expect(await listQuery({ number: text })).toMatchObject({ numbers });
  });

  it.each([
    ['005511900000101', 'must be a phone number: it begins with 0; '],
    ['55119x', "must be a phone number: only digits and + - ( ) . are allowed, not 'x' at position 6"],
    [['1', '2'], 'must be given once'],
  ])('says what is wrong with the number %j', async (text, words) => {
    await expect(listQuery({ number: text })).rejects.toMatchObject({
      message: expect.stringContaining(`Invalid query: number ${words}`) as unknown,
    });
  });

  it('takes times with any offset', async () => {
    expect(
      await listQuery({ from: '2026-01-01T02:00:00+02:00', to: '2026-01-01T00:00:01.5Z' }),
    ).toMatchObject({
      from: new Date('2026-01-01T00:00:00Z'),
      to: new Date('2026-01-01T00:00:01.500Z'),
    });
  });

  it.each([
    [{ limit: '0' }],
    [{ limit: '201' }],
    [{ limit: 'x' }],
    [{ limit: ['1', '2'] }],
    [{ state: 'gone' }],
    [{ outcome: ['busy', 'failed'] }],
    [{ from: 'yesterday' }],
    [{ from: '2026-01-01' }],
    [{ to: '2026-13-01T00:00:00Z' }],
    [{ number: 'x' }],
    [{ direction: 'both' }],
    [{ direction: ['incoming', 'all'] }],
    [{ cursor: 'x' }],
    [{ cursor: 'MTIzNA' }],
    [{ cursor: '' }],
  ])('is refused when it cannot be used: %j', async (query) => {
    const [field = ''] = Object.keys(query);
    await expect(listQuery(query)).rejects.toMatchObject({
      code: 'invalid_query',
      message: expect.stringContaining(`Invalid query: ${field} `) as unknown,
    });
  });

  it('lists outgoing calls unless it asks for others', async () => {
    expect(await listQuery({})).toMatchObject({ direction: 'outgoing' });
    expect(await listQuery({ direction: 'all', outcome: 'missed' })).toMatchObject({
      direction: 'all',
      outcome: 'missed',
    });
  });
});

describe('the cursor of a list', () => {
  const box = new SecretBox([Buffer.alloc(32, 1)]);
  const position = {
    direction: 'incoming',
    requestedAt: new Date('2026-01-01T00:00:00.123Z'),
    rowId: '9223372036854775807',
  } as const;

  it('gets back the place at which a page ended', () => {
    expect(openCursor(sealCursor(position, 'one', box), 'one', box)).toEqual(position);
  });

  it('says nothing about other instances: two of one place look different and hold no number', () => {
    const cursors = [1, 2].map(() => sealCursor({ ...position, rowId: '500123' }, 'one', box));
    expect(new Set(cursors).size).toBe(2);
    const id = Buffer.alloc(8);
    id.writeBigInt64BE(500_123n);
    for (const cursor of cursors) {
      const bytes = Buffer.from(cursor, 'base64url');
      expect(bytes.includes(id)).toBe(false);
      expect(bytes.includes('500123')).toBe(false);
    }
  });

  it('is worth nothing at another instance, changed, under another key, or when it is one of an earlier release', () => {
    const cursor = sealCursor(position, 'one', box);
    expect(openCursor(cursor, 'other', box)).toBeUndefined();
    expect(openCursor(cursor, 'one', new SecretBox([Buffer.alloc(32, 2)]))).toBeUndefined();
    expect(
      openCursor(
        cursor.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A')),
        'one',
        box,
      ),
    ).toBeUndefined();
    expect(openCursor(Buffer.from('1234').toString('base64url'), 'one', box)).toBeUndefined();
  });
});

describe('an idempotency key', () => {
  it.each([['k'], ['order 4711 ~'], ['x'.repeat(255)], [undefined]])('may be %.20p', (key) => {
    expect(parseIdempotencyKey(key)).toBe(key ?? null);
  });

  it.each([[''], ['x'.repeat(256)], ['tab\t'], ['é']])('must not be %.20p', (key) => {
    expect(() => parseIdempotencyKey(key)).toThrow('Invalid idempotency key');
  });
});

describe('the view of a call', () => {
  it('shows the fields of the contract, times in UTC with milliseconds, and the seconds of ringing', () => {
    const call = new MemoryCalls().add({
      callId: '00AB',
      jid: '777@lid',
      state: 'ended',
      outcome: 'completed',
      ringingAt: new Date('2026-01-01T00:00:01.000Z'),
      endedAt: new Date('2026-01-01T00:00:09.007Z'),
    });
    expect(toCallDto({ direction: 'outgoing', call })).toEqual({
      callId: '00AB',
      direction: 'outgoing',
      number: '5511999999999',
      jid: '777@lid',
      duration: 8,
      state: 'ended',
      outcome: 'completed',
      failureCode: null,
      failureReason: null,
      requestedAt: '1970-01-01T00:00:00.000Z',
      acceptedAt: null,
      deliveredAt: null,
      ringingAt: '2026-01-01T00:00:01.000Z',
      endedAt: '2026-01-01T00:00:09.007Z',
      ringSeconds: 8.007,
      isVideo: false,
      isGroup: false,
    });
  });

  it('has no seconds of ringing for a call that never rang or has not ended', () => {
    const calls = new MemoryCalls();
    for (const call of [calls.add({ endedAt: new Date(0) }), calls.add({ ringingAt: new Date(0) })]) {
      expect(toCallDto({ direction: 'outgoing', call }).ringSeconds).toBeNull();
    }
  });
});
