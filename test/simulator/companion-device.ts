import type { KeyBundle, PublicKeyEntry } from './key-bundle.js';

/** The answer to a pre-key count that keeps Baileys from uploading: its own first upload is as large. */
const PREPARED_PRE_KEY_COUNT = 812;

export interface CompanionKeys {
  readonly noisePublicKey: Buffer;
  readonly identityPublicKey: Buffer;
  readonly registrationId: number;
  readonly signedPreKey: KeyBundle['signedPreKey'];
  /** Public half of the account's key that signed this device; the device proves itself with it in each offer. */
  readonly accountSignatureKey: Buffer;
}

/** A linked Web-type client: public keys only, the private ones are in the real socket. */
export class CompanionDevice {
  readonly kind = 'companion';
  registrationId: number;
  signedPreKey: KeyBundle['signedPreKey'];
  private readonly preKeys = new Map<number, Uint8Array>();
  /** The last device identity that was checked, as base64: the check costs a signature each. */
  verifiedIdentity: string | undefined;

  constructor(
    readonly id: number,
    readonly keys: CompanionKeys,
    /** Prepared credentials: the server claims to hold a full set of one-time keys that were never uploaded. */
    private readonly isPrepared: boolean,
  ) {
    this.registrationId = keys.registrationId;
    this.signedPreKey = keys.signedPreKey;
  }

  get preKeyCount(): number {
    return this.isPrepared && this.preKeys.size === 0 ? PREPARED_PRE_KEY_COUNT : this.preKeys.size;
  }

  /** False when a key with this id is already there: a client must never upload one id twice. */
  addPreKey(key: PublicKeyEntry): boolean {
    if (this.preKeys.has(key.id)) return false;
    this.preKeys.set(key.id, key.value);
    return true;
  }

  /** Hands out one one-time key, or none when they have run out. */
  takeBundle(): KeyBundle {
    const [oldest] = this.preKeys;
    const bundle = {
      registrationId: this.registrationId,
      identity: this.keys.identityPublicKey,
      signedPreKey: this.signedPreKey,
    };
    if (!oldest) return bundle;
    this.preKeys.delete(oldest[0]);
    return { ...bundle, preKey: { id: oldest[0], value: oldest[1] } };
  }
}
