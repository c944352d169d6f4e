import { Curve, generateSignalPubKey, type SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys';
import { verifySignature } from 'libsignal/src/curve.js';
import { rememberingRight } from './remembered-signatures.js';

/** A key bundle whose signed pre-key is not signed by the identity that it names. */
export class BundleSignatureInvalid extends Error {
  constructor() {
    super('The signed pre-key of a key bundle is not signed by its identity key');
    this.name = 'BundleSignatureInvalid';
  }
}

/** True only when the signature is right; malformed keys and signatures are simply not right. */
export function isSignatureValid(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verifySignature(Buffer.from(generateSignalPubKey(publicKey)), message, signature);
  } catch {
    return false;
  }
}

/**
 * Baileys 7.0.0-rc14 asks libsignal 6.0.0 whether a signature is right and ignores the answer: `Curve.verify` looks
 * for an exception, `verifySignature` returns a boolean. The server's certificate chain and the account signature of
 * a new link would pass unchecked. `Curve` is exported and mutable; this puts the real check in. Idempotent.
 */
export function enforceStrictSignatures(): void {
  Curve.verify = rememberingRight(isSignatureValid);
}

/**
 * libsignal skips the signature of the signed pre-key when it builds a session from a bundle; without this check the
 * server, or whoever speaks in its place, could hand out a key of its own.
 */
export function withBundleCheck(repository: SignalRepositoryWithLIDStore): SignalRepositoryWithLIDStore {
  const inject = repository.injectE2ESession.bind(repository);
  repository.injectE2ESession = async (bundle) => {
    const { identityKey, signedPreKey } = bundle.session;
    if (!isSignatureValid(identityKey, signedPreKey.publicKey, signedPreKey.signature)) {
      throw new BundleSignatureInvalid();
    }
    await inject(bundle);
  };
  return repository;
}
