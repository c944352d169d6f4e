import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Curve, generateSignalPubKey } from '@whiskeysockets/baileys';
import {
  BundleSignatureInvalid,
  enforceStrictSignatures,
  isSignatureValid,
  withBundleCheck,
} from '../../../../src/whatsapp/baileys/strict-signatures.js';
import { signalBundle, type SignalBundle } from '../support/signal-bundle.js';
import { signalSide } from '../support/signal-side.js';

const CALLEE = '200000000000001@lid';
const pair = Curve.generateKeyPair();
const message = Buffer.from('a message of some length');
const signature = Curve.sign(pair.private, message);

describe('a signature', () => {
  it('is valid for its key and message, in all forms in which keys and bytes come', () => {
    expect(isSignatureValid(pair.public, message, signature)).toBe(true);
    expect(isSignatureValid(generateSignalPubKey(pair.public), message, signature)).toBe(true);
    expect(isSignatureValid(Uint8Array.from(pair.public), message, signature)).toBe(true);
    const prefixed = Uint8Array.from(generateSignalPubKey(pair.public));
    expect(isSignatureValid(prefixed, Uint8Array.from(message), Uint8Array.from(signature))).toBe(true);
  });

  const flipped = Buffer.from(signature);
  flipped[0] = (flipped[0] ?? 0) ^ 1;

  it.each([
    ['another key', Curve.generateKeyPair().public, message, signature],
    ['another message', pair.public, Buffer.from('another message'), signature],
    ['one bit changed', pair.public, message, flipped],
    ['all bytes zero', pair.public, message, Buffer.alloc(64)],
    ['random bytes', pair.public, message, randomBytes(64)],
    ['no bytes', pair.public, message, Buffer.alloc(0)],
    ['63 bytes', pair.public, message, signature.subarray(0, 63)],
    ['65 bytes', pair.public, message, Buffer.concat([signature, Buffer.of(0)])],
    ['an empty key', Buffer.alloc(0), message, signature],
    ['a key of the wrong type', Buffer.concat([Buffer.of(6), pair.public]), message, signature],
    ['a key of zeros', Buffer.alloc(32), message, Buffer.alloc(64)],
  ])('is not valid with %s', (_, key, text, bytes) => {
    expect(isSignatureValid(key, text, bytes)).toBe(false);
  });
});

describe("the library's own check", () => {
  it('refuses wrong signatures once the strict check is in place', () => {
    enforceStrictSignatures();
    enforceStrictSignatures();
    expect(Curve.verify(pair.public, message, signature)).toBe(true);
    expect(Curve.verify(pair.public, message, Buffer.alloc(64))).toBe(false);
    expect(Curve.verify(Curve.generateKeyPair().public, message, signature)).toBe(false);
  });
});

describe('a key bundle of the server', () => {
  const inject = async (session: SignalBundle): Promise<{ exists: boolean }> => {
    const { repository } = signalSide();
    const checked = withBundleCheck(repository);
    await checked.injectE2ESession({ jid: CALLEE, session });
    return checked.validateSession(CALLEE);
  };

  it('opens a session when it is signed by the identity that it names', async () => {
    expect(await inject(signalBundle())).toEqual({ exists: true });
  });

  it('opens no session when its pre-key was signed by somebody else', async () => {
    const forged = { ...signalBundle(), identityKey: signalBundle().identityKey };
    const side = signalSide();
    const checked = withBundleCheck(side.repository);
    await expect(checked.injectE2ESession({ jid: CALLEE, session: forged })).rejects.toBeInstanceOf(
      BundleSignatureInvalid,
    );
    expect(await checked.validateSession(CALLEE)).toMatchObject({ exists: false });
  });

  it('opens no session when its pre-key was exchanged', async () => {
    const real = signalBundle();
    const { publicKey } = signalBundle().signedPreKey;
    const forged = { ...real, signedPreKey: { ...real.signedPreKey, publicKey } };
    await expect(inject(forged)).rejects.toBeInstanceOf(BundleSignatureInvalid);
  });
});
