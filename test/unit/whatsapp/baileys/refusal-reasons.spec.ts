import { describe, expect, it } from '@jest/globals';
import { concernsAccount, refusalReason } from '../../../../src/whatsapp/baileys/refusal-reasons.js';

const KNOWN = [304, 400, 401, 403, 404, 405, 406, 409, 426, 429, 439, 460, 463, 473, 479, 480, 500, 502, 503];

describe('a refused offer', () => {
  it.each(KNOWN)('with code %i has a reason that a person can read', (code) => {
    expect(refusalReason(code)).toMatch(/^[a-zA-Z -]{10,}$/);
    expect(refusalReason(code)).not.toBe(refusalReason(-1));
  });

  it.each([0, -1, 299, 999, Number.NaN])(
    'with the unheard-of code %d says that the reason is unknown',
    (code) => {
      expect(refusalReason(code)).toBe('unknown reason');
    },
  );

  it('may be a restriction of the account with 463 and 429, and with no other code', () => {
    expect(Array.from({ length: 1_000 }, (_, code) => code).filter(concernsAccount)).toEqual([429, 463]);
  });

  it('tells the countries of caller and callee apart', () => {
    expect(refusalReason(401)).toContain('country of the caller');
    expect(refusalReason(405)).toContain('country of the callee');
  });
});
