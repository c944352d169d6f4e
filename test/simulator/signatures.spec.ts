import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Curve } from '@whiskeysockets/baileys';
import { isValidSignature, sign } from './signatures.js';

describe('Curve25519 signatures', () => {
  it('accepts what the library that Baileys uses has signed, with and without type byte', () => {
    for (let round = 0; round < 8; round++) {
      const pair = Curve.generateKeyPair();
      const message = randomBytes(round * 7 + 1);
      const signature = Curve.sign(pair.private, message);
      expect(isValidSignature(pair.public, message, signature)).toBe(true);
      expect(isValidSignature(Buffer.concat([Buffer.from([5]), pair.public]), message, signature)).toBe(true);
    }
  });

  it('makes signatures that hold, for keys of either sign', () => {
    for (let round = 0; round < 8; round++) {
      const pair = Curve.generateKeyPair();
      expect(
        isValidSignature(pair.public, Buffer.from('text'), sign(pair.private, Buffer.from('text'))),
      ).toBe(true);
    }
  });

  it('refuses another message, another key, a changed or a zero signature', () => {
    const pair = Curve.generateKeyPair();
    const signature = sign(pair.private, Buffer.from('text'));
    const changed = Buffer.from(signature);
    changed[40] = (changed[40] ?? 0) ^ 1;
    expect(isValidSignature(pair.public, Buffer.from('test'), signature)).toBe(false);
    expect(isValidSignature(Curve.generateKeyPair().public, Buffer.from('text'), signature)).toBe(false);
    expect(isValidSignature(pair.public, Buffer.from('text'), changed)).toBe(false);
    expect(isValidSignature(pair.public, Buffer.from('text'), Buffer.alloc(64))).toBe(false);
    expect(isValidSignature(Buffer.alloc(5), Buffer.from('text'), signature)).toBe(false);
  });
});
