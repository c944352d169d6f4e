import { randomBytes } from 'node:crypto';
import {
  addTransactionCapability,
  Curve,
  DEFAULT_CONNECTION_CONFIG,
  generateRegistrationId,
  proto,
  type KeyPair,
  type SignalKeyStore,
  type SignedKeyPair,
} from '@whiskeysockets/baileys';
import type { KeyBundle } from './key-bundle.js';
import { makeSignedPreKey } from './signed-pre-key.js';
import { memoryKeyStore } from './memory-key-store.js';
import { baseKeyOf } from './pre-key-message.js';
import { silentLogger } from './silent-logger.js';
import type { CalleeBehaviour } from './types.js';

const SIGNATURE_BYTES = 64;
const CALL_KEY_BYTES = 32;
const MAX_PADDING_BYTES = 16;

type SignalRepository = ReturnType<typeof DEFAULT_CONNECTION_CONFIG.makeSignalRepository>;

interface SignalKeys {
  readonly creds: { signedIdentityKey: KeyPair; signedPreKey: SignedKeyPair; registrationId: number };
  readonly store: SignalKeyStore;
  readonly repository: SignalRepository;
}

/**
 * One decryption at a time over all devices: libsignal 6.0.0 runs jobs that meet on one sender address in the
 * asynchronous context of the first, and each store keeps its transaction in that context.
 */
let decrypting: Promise<unknown> = Promise.resolve();

/** How the server answers when somebody asks for this device's keys. */
export type BundleState = 'good' | 'broken' | 'silent' | 'bad-signature';

/** A scripted device of a contact. Its Signal keys are real and made on first use: most contacts are never called. */
export class CalleeDevice {
  readonly kind = 'scripted';
  readonly decrypts: boolean;
  /** False: usync leaves it out. */
  readonly isListed: boolean;
  private signal: SignalKeys | undefined;
  private nextPreKeyId = 1;
  /** Base key of the session that each sender uses now. */
  private readonly baseKeys = new Map<string, string>();

  constructor(
    readonly id: number,
    readonly behaviour: CalleeBehaviour,
    readonly bundleState: BundleState,
    { decrypts = true, isListed = true }: { decrypts?: boolean; isListed?: boolean } = {},
  ) {
    this.decrypts = decrypts;
    this.isListed = isListed;
  }

  /** A bundle with a one-time key that nobody got before. */
  async takeBundle(): Promise<KeyBundle> {
    const { creds, store } = this.keys();
    const preKeyId = this.nextPreKeyId++;
    const preKey = Curve.generateKeyPair();
    if (this.decrypts) await store.set({ 'pre-key': { [String(preKeyId)]: preKey } });
    const { keyPair, keyId, signature } = creds.signedPreKey;
    return {
      registrationId: creds.registrationId,
      identity: creds.signedIdentityKey.public,
      signedPreKey: {
        id: keyId,
        value: keyPair.public,
        signature: this.bundleState === 'bad-signature' ? randomBytes(SIGNATURE_BYTES) : signature,
      },
      preKey: { id: preKeyId, value: preKey.public },
    };
  }

  /**
   * The call key inside an `<enc>` from `senderJid` (LID device JID).
   * Throws when the Signal message does not decrypt, the padding is wrong, or there is no 32-byte call key inside.
   */
  decryptCallKey(senderJid: string, type: 'pkmsg' | 'msg', ciphertext: Buffer): Promise<Buffer> {
    return this.decrypt(senderJid, type, ciphertext).then(({ call }) => {
      if (call?.callKey?.length !== CALL_KEY_BYTES)
        throw new Error('the message carries no 32-byte call key');
      return Buffer.from(call.callKey);
    });
  }

  /**
   * The message inside an `<enc>` from `senderJid` (LID device JID); one after another, as a ratchet turns.
   * Throws when the Signal message does not decrypt or the padding is wrong.
   */
  decrypt(senderJid: string, type: 'pkmsg' | 'msg', ciphertext: Buffer): Promise<proto.Message> {
    const message = decrypting.then(() => this.decryptNext(senderJid, type, ciphertext));
    decrypting = message.catch(() => undefined);
    return message;
  }

  private async decryptNext(
    senderJid: string,
    type: 'pkmsg' | 'msg',
    ciphertext: Buffer,
  ): Promise<proto.Message> {
    const { repository } = this.keys();
    const baseKey = type === 'pkmsg' ? baseKeyOf(ciphertext) : undefined;
    if (baseKey !== undefined && this.baseKeys.get(senderJid) !== baseKey) {
      // libsignal would keep up to 40 closed sessions and print each one; this device never answers, so none is of use
      await repository.deleteSession([senderJid]);
      this.baseKeys.set(senderJid, baseKey);
    }
    const padded = await repository.decryptMessage({ jid: senderJid, type, ciphertext });
    return proto.Message.decode(withoutPadding(padded));
  }

  private keys(): SignalKeys {
    this.signal ??= makeSignalKeys();
    return this.signal;
  }
}

function makeSignalKeys(): SignalKeys {
  const identity = Curve.generateKeyPair();
  const creds = {
    signedIdentityKey: identity,
    signedPreKey: makeSignedPreKey(identity),
    registrationId: generateRegistrationId(),
  };
  const keys = addTransactionCapability(memoryKeyStore(), silentLogger, {
    maxCommitRetries: 1,
    delayBetweenTriesMs: 0,
  });
  return {
    creds,
    store: keys,
    repository: DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds, keys }, silentLogger),
  };
}

/** WhatsApp pads with 1 to 16 bytes, each holding the length of the padding. */
function withoutPadding(padded: Uint8Array): Uint8Array {
  const length = padded.at(-1) ?? 0;
  const padding = padded.subarray(padded.length - length);
  if (length < 1 || length > MAX_PADDING_BYTES || padding.some((byte) => byte !== length)) {
    throw new Error('the padding is not 1 to 16 bytes of its own length');
  }
  return padded.subarray(0, padded.length - length);
}
