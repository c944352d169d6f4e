import { describe, expect, it } from '@jest/globals';
import { Curve } from '@whiskeysockets/baileys';
import { rememberingRight } from '../../../../src/whatsapp/baileys/remembered-signatures.js';
import { isSignatureValid } from '../../../../src/whatsapp/baileys/strict-signatures.js';

const pair = Curve.generateKeyPair();
const message = Buffer.from('the certificate of a server');
const signature = Curve.sign(pair.private, message);

function counted() {
  let asked = 0;
  const check = rememberingRight((...parts) => {
    asked += 1;
    return isSignatureValid(...parts);
  });
  return { check, asked: () => asked };
}

describe('a signature that was found right', () => {
  it('is not checked again, in whatever kind of array it comes', () => {
    const { check, asked } = counted();
    expect(check(pair.public, message, signature)).toBe(true);
    expect(check(Uint8Array.from(pair.public), Uint8Array.from(message), Uint8Array.from(signature))).toBe(
      true,
    );
    expect(asked()).toBe(1);
  });

  it('says nothing about any other bytes', () => {
    const { check } = counted();
    check(pair.public, message, signature);
    for (const part of [0, 1, 2]) {
      const parts = [pair.public, message, signature].map((bytes) => Buffer.from(bytes));
      const changed = parts[part];
      if (changed) changed[0] = (changed[0] ?? 0) ^ 1;
      const [key, text, bytes] = parts;
      expect(key && text && bytes && check(key, text, bytes)).toBe(false);
    }
  });

  it('does not lend itself to bytes that were moved between key, message and signature', () => {
    const seen: string[] = [];
    const check = rememberingRight((key) => {
      seen.push(Buffer.from(key).toString());
      return true;
    });
    const bytes = (text: string): Uint8Array => Buffer.from(text);
    check(bytes('ab'), bytes('c'), bytes('d'));
    check(bytes('a'), bytes('bc'), bytes('d'));
    expect(seen).toEqual(['ab', 'a']);
  });

  it('is forgotten when many others came after it', () => {
    let asked = 0;
    const check = rememberingRight(() => (asked += 1) > 0);
    for (let index = 0; index < 1000; index += 1) check(pair.public, Buffer.from(`${index}`), signature);
    check(pair.public, Buffer.from('0'), signature);
    expect(asked).toBe(1001);
  });
});

describe('a signature that was found wrong', () => {
  it('is checked each time', () => {
    const { check, asked } = counted();
    expect(check(pair.public, message, Buffer.alloc(64))).toBe(false);
    expect(check(pair.public, message, Buffer.alloc(64))).toBe(false);
    expect(asked()).toBe(2);
  });
});
