import { ACCOUNT_NAME_PATTERN, looksLikeAccountId } from '../../../src/accounts/account-name.js';

const ID = '7b0c1a52-3c1e-4a7e-9f57-0d1d4f1d9a11';

describe('names of accounts', () => {
  it.each(['acme', 'A', '0', 'a_b-C', 'x'.repeat(100)])('%s is a name', (name) => {
    expect(ACCOUNT_NAME_PATTERN.test(name)).toBe(true);
  });

  it.each(['', ' ', 'a b', 'a/b', 'ä', 'a\n', 'x'.repeat(101), ID, ID.toUpperCase()])(
    '%p is no name',
    (name) => {
      expect(ACCOUNT_NAME_PATTERN.test(name)).toBe(false);
    },
  );

  it('tells ids from names', () => {
    expect(looksLikeAccountId(ID)).toBe(true);
    expect(looksLikeAccountId(`${ID}0`)).toBe(false);
  });
});
