import { Type } from 'class-transformer';
import { IsArray, IsInt, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import { DomainError } from '../../../src/common/errors/domain-error.js';
import { IsFilled, IsTextIfGiven } from '../../../src/common/http/text.validators.js';
import { problem, RequestValidationPipe } from '../../../src/common/http/validation.pipe.js';

class TestProblem extends DomainError {
  readonly code = 'test';
  readonly kind = 'invalid';
}

class Inner {
  @IsInt()
  size: number;
}

class Body {
  @IsTextIfGiven()
  @IsFilled(problem(1, () => new TestProblem('Number is required')))
  number: string;

  @IsOptional()
  @IsInt()
  @Min(1, problem(2, () => new TestProblem('Duration is out of range')))
  @Max(60, problem(2, () => new TestProblem('Duration is out of range')))
  duration?: number;

  @IsOptional()
  @IsInt()
  @Max(9)
  limit?: number;

  @IsOptional()
  @ValidateNested()
  @Type(() => Inner)
  inner?: Inner;

  @IsOptional()
  @IsArray()
  list?: unknown[];
}

const pipe = new RequestValidationPipe();

async function answerTo(value: unknown, type: 'body' | 'query' = 'body'): Promise<string> {
  try {
    await pipe.transform(value, { type, metatype: Body });
    return 'accepted';
  } catch (error) {
    return error instanceof DomainError ? `${error.code}: ${error.message}` : String(error);
  }
}

describe('request validation', () => {
  it.each([null, [], 'text', 5, true])('refuses %p as a body', async (value) => {
    expect(await answerTo(value)).toBe('invalid_body: Invalid request body: a JSON object is expected');
  });

  it('takes a missing body as one without fields', async () => {
    expect(await answerTo(undefined)).toBe('test: Number is required');
  });

  it('tells a wrong type before anything else and names the field', async () => {
    expect(await answerTo({ number: '', duration: '15' })).toBe(
      'invalid_body: Invalid request body: duration must be an integer number',
    );
    expect(await answerTo({ number: 5511, duration: 99 })).toBe(
      'invalid_body: Invalid request body: number must be a string',
    );
  });

  it('tells the type before the range of the same field', async () => {
    expect(await answerTo({ number: '1', limit: 'x' })).toContain('limit must be an integer number');
    expect(await answerTo({ number: '1', limit: 10 })).toContain('limit must not be greater than 9');
  });

  it('tells problems in the order of their rank', async () => {
    expect(await answerTo({ duration: 99 })).toBe('test: Number is required');
    expect(await answerTo({ number: '1', duration: 99 })).toBe('test: Duration is out of range');
  });

  it.each([undefined, null, '', '  '])('takes %p as a missing text', async (number) => {
    expect(await answerTo({ number })).toBe('test: Number is required');
  });

  it('names the path of a nested field', async () => {
    expect(await answerTo({ number: '1', inner: { size: 'x' } })).toContain('inner.size must be an integer');
  });

  it('speaks of the query when the query is wrong', async () => {
    expect(await answerTo({ number: '1', limit: 'x' }, 'query')).toBe(
      'invalid_query: Invalid query: limit must be an integer number',
    );
  });

  it('drops fields that nobody knows', async () => {
    const body: unknown = await pipe.transform({ number: '1', extra: 1 }, { type: 'body', metatype: Body });
    expect(body).toEqual({ number: '1' });
  });

  it('hides what no DTO declares from transformation and checks, also in nested objects', async () => {
    const given = { number: '1', inner: { size: 1 } };
    for (const part of [given, given.inner]) {
      Object.defineProperty(part, 'extra', {
        enumerable: true,
        get: () => {
          throw new Error('looked at');
        },
      });
    }
    const body: unknown = await pipe.transform(given, { type: 'body', metatype: Body });
    expect(body).toEqual({ number: '1', inner: { size: 1 } });
  });

  it.each(['__proto__', 'constructor', 'toString'])('does not take %s for a field', async (name) => {
    const given: unknown = JSON.parse(`{"number":"1","${name}":{"limit":5},"inner":{"size":1,"${name}":{}}}`);
    const body = (await pipe.transform(given, { type: 'body', metatype: Body })) as object;
    expect(Object.entries(body)).toEqual([
      ['number', '1'],
      ['inner', { size: 1 }],
    ]);
    expect(Object.getPrototypeOf(body)).toBe(Body.prototype);
  });

  it('takes at most 200 values, those in lists and objects included, and does not count unknown fields', async () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`x${index}`, index]));
    expect(await answerTo({ number: '1', ...many, inner: { size: 1, ...many } })).toBe('accepted');
    const tooMany = 'invalid_body: Invalid request body: it has more than 200 values';
    expect(await answerTo({ number: many })).toBe(tooMany);
    expect(await answerTo({ number: '1', list: Array.from({ length: 198 }, () => 0) })).toBe('accepted');
    expect(await answerTo({ number: '1', list: Array.from({ length: 199 }, () => 0) })).toBe(tooMany);
    expect(await answerTo({ number: '1', list: [Array.from({ length: 198 }, () => ({}))] })).toBe(tooMany);
  });

  it.each([
    [{ number: 'a\ud800' }, 'number'],
    [{ number: '1', inner: { size: '\udc00\ud800' } }, 'inner.size'],
    [{ number: '1', list: ['ok', 'a\udfffb'] }, 'list.1'],
    [{ number: '1', list: [{ '\ud800': 1 }] }, 'list.0'],
  ])('refuses half of a surrogate pair in a field that is used: %j', async (body, place) => {
    expect(await answerTo(body)).toBe(
      `invalid_body: Invalid request body: it is not valid UTF-8: ${place} has half of a surrogate pair`,
    );
    expect(await answerTo({ number: '😀', extra: '\ud800' })).toBe('accepted');
  });

  it('leaves path parameters alone', () => {
    expect(pipe.transform('shop', { type: 'param', metatype: String })).toBe('shop');
  });
});
