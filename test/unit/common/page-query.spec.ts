import { pageOf, PageQuery } from '../../../src/common/http/page-query.js';
import { RequestValidationPipe } from '../../../src/common/http/validation.pipe.js';

const wish = async (query: unknown) => {
  try {
    const parsed: unknown = await new RequestValidationPipe().transform(query, {
      type: 'query',
      metatype: PageQuery,
    });
    return (parsed as PageQuery).toPage();
  } catch (error) {
    return String(error);
  }
};
const encode = (text: string) => Buffer.from(text).toString('base64url');
const LIMIT = 'InvalidQuery: Invalid query: limit must be a whole number from 1 to 200';
const CURSOR = 'InvalidQuery: Invalid query: cursor is not one that a list answered';

describe('a page of a list that is sorted by name', () => {
  it('has 200 rows at most, also when nothing is asked for', async () => {
    expect(await wish({})).toEqual({ limit: 200, after: undefined });
    expect(await wish({ limit: '1' })).toEqual({ limit: 1, after: undefined });
    expect(await wish({ limit: '200' })).toEqual({ limit: 200, after: undefined });
  });

  it.each(['0', '201', '999', '-1', '1e2', ' 5', '', '1.5', ['5']])('has no limit of %j', async (limit) => {
    expect(await wish({ limit })).toBe(LIMIT);
  });

  it('goes on behind the last name of the page before, whatever letters it has', async () => {
    const names = ['a', 'b c', 'é✓', 'z'];
    const { rows, nextCursor } = pageOf(names, { limit: 3, after: undefined }, (name) => name);
    expect(rows).toEqual(['a', 'b c', 'é✓']);
    expect(await wish({ cursor: nextCursor })).toEqual({ limit: 200, after: 'é✓' });
    expect(pageOf(names, { limit: 4, after: undefined }, (name) => name)).toEqual({
      rows: names,
      nextCursor: null,
    });
    expect(pageOf([], { limit: 1, after: 'a' }, String)).toEqual({ rows: [], nextCursor: null });
  });

  it.each([
    '',
    'a!',
    '*',
    encode(''),
    encode('a\u0000b'),
    encode('\n'),
    encode('x'.repeat(101)),
    Buffer.from([0xff, 0xfe]).toString('base64url'),
    `${encode('shop')}=`,
    [encode('a')],
  ])('does not go on behind what no list answered: %j', async (cursor) => {
    expect(await wish({ cursor })).toBe(CURSOR);
  });
});
