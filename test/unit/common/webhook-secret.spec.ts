import { randomBytes } from 'node:crypto';
import {
  isWebhookSecret,
  makeWebhookSecret,
  webhookSecretKey,
} from '../../../src/common/crypto/webhook-secret.js';

function secretOf(bytes: Buffer): string {
  return `whsec_${bytes.toString('base64')}`;
}

describe('a webhook secret', () => {
  it('that is made has 256 random bits and is valid', () => {
    const secrets = Array.from({ length: 100 }, makeWebhookSecret);
    expect(new Set(secrets).size).toBe(100);
    for (const secret of secrets) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(isWebhookSecret(secret)).toBe(true);
      expect(webhookSecretKey(secret)).toHaveLength(32);
    }
  });

  it.each([24, 25, 26, 32, 63, 64])('of the operator may have %i bytes', (length) => {
    const key = randomBytes(length);
    expect(isWebhookSecret(secretOf(key))).toBe(true);
    expect(webhookSecretKey(secretOf(key))).toEqual(key);
  });

  it.each([
    ['nothing', ''],
    ['the prefix alone', 'whsec_'],
    ['23 bytes', secretOf(randomBytes(23))],
    ['65 bytes', secretOf(randomBytes(65))],
    ['no prefix', randomBytes(32).toString('base64')],
    ['another prefix', `whsk_${randomBytes(32).toString('base64')}`],
    ['the prefix in capitals', `WHSEC_${randomBytes(32).toString('base64')}`],
    ['base64url', `whsec_${Buffer.alloc(32, 0xfb).toString('base64url')}`],
    ['base64 without its padding', secretOf(Buffer.alloc(32, 1)).replace('=', '')],
    ['base64 with spare bits set', secretOf(Buffer.alloc(32, 0)).replace('A=', 'B=')],
    ['blanks inside', secretOf(randomBytes(32)).replace('whsec_', 'whsec_ ')],
    ['a line break behind', `${secretOf(randomBytes(32))}\n`],
    ['hex', `whsec_${randomBytes(32).toString('hex')}g`],
    ['words', 'whsec_correct horse battery staple, and then some more'],
  ])('cannot be %s', (_, secret) => {
    expect(isWebhookSecret(secret)).toBe(false);
    expect(() => webhookSecretKey(secret)).toThrow(RangeError);
  });
});
