import { Curve, generateSignalPubKey, type KeyPair, type SignedKeyPair } from '@whiskeysockets/baileys';
import { sign } from './signatures.js';

const FIRST_KEY_ID = 1;

/** The medium-term key of a device, signed (with its type byte) by the device's identity. */
export function makeSignedPreKey(identity: KeyPair): SignedKeyPair {
  const keyPair = Curve.generateKeyPair();
  return {
    keyPair,
    keyId: FIRST_KEY_ID,
    signature: sign(identity.private, generateSignalPubKey(keyPair.public)),
  };
}
