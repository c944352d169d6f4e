import {
  Curve,
  generateSignalPubKey,
  signedKeyPair,
  type KeyPair,
  type SignalRepositoryWithLIDStore,
} from '@whiskeysockets/baileys';

export type SignalBundle = Parameters<SignalRepositoryWithLIDStore['injectE2ESession']>[0]['session'];

/** What the server hands out for one device, signed by the identity that it names. */
export function signalBundle(identity: KeyPair = Curve.generateKeyPair()): SignalBundle {
  const signed = signedKeyPair(identity, 1);
  return {
    registrationId: 4_711,
    identityKey: generateSignalPubKey(identity.public),
    signedPreKey: {
      keyId: signed.keyId,
      publicKey: generateSignalPubKey(signed.keyPair.public),
      signature: signed.signature,
    },
    preKey: { keyId: 2, publicKey: generateSignalPubKey(Curve.generateKeyPair().public) },
  };
}
