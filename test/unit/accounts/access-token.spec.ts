import { createHash } from 'node:crypto';
import { hashAccessToken, makeAccessToken } from '../../../src/accounts/access-token.js';

describe('tokens', () => {
  it('tell their kind by a prefix and carry 256 random bits', () => {
    expect(makeAccessToken('account')).toMatch(/^rda_[A-Za-z0-9_-]{43}$/);
    expect(makeAccessToken('instance')).toMatch(/^rdi_[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(makeAccessToken('account').slice(4), 'base64url')).toHaveLength(32);
  });

  it('are never the same', () => {
    expect(new Set(Array.from({ length: 1000 }, () => makeAccessToken('instance'))).size).toBe(1000);
  });

  it('are stored as their SHA-256', () => {
    expect(hashAccessToken('rda_x')).toEqual(createHash('sha256').update('rda_x').digest());
  });
});
