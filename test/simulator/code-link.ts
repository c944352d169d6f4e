import { hkdfSync, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { aesDecryptCTR, aesDecryptGCM, aesEncryptCTR, Curve, type BinaryNode } from '@whiskeysockets/baileys';
import type { Account } from './account.js';
import { USER_SERVER } from './jids.js';
import { epochSeconds } from './nodes.js';
import type { CodeOffer } from './registration.js';

const PBKDF2_ROUNDS = 131_072;
const NO_BYTES = Buffer.alloc(0);
const KEY_BYTES = 32;
const IV_BYTES = 16;
const GCM_NONCE_BYTES = 12;

/**
 * The phone's half of linking by code. Both sides wrap an ephemeral Curve25519 key with AES-CTR under a key stretched from the
 * code; a wrong code therefore shows only when the companion's key bundle does not decrypt.
 */
export class CodeLink {
  private readonly ephemeral = Curve.generateKeyPair();

  private constructor(
    private readonly account: Account,
    private readonly offer: CodeOffer,
    private readonly companionEphemeral: Buffer,
    private readonly code: string,
  ) {}

  static async open(account: Account, offer: CodeOffer, code: string): Promise<CodeLink> {
    const { salt, iv, rest } = cut(offer.wrappedCompanionEphemeral, IV_BYTES);
    return new CodeLink(account, offer, aesDecryptCTR(rest, await keyOf(code, salt), iv), code);
  }

  /** What the companion gets when the owner has typed the code. */
  async notification(): Promise<BinaryNode> {
    const salt = randomBytes(KEY_BYTES);
    const iv = randomBytes(IV_BYTES);
    const wrapped = aesEncryptCTR(this.ephemeral.public, await keyOf(this.code, salt), iv);
    const key = { tag: 'link_code_pairing_wrapped_primary_ephemeral_pub', attrs: {} };
    return this.primaryHello([{ ...key, content: Buffer.concat([salt, iv, wrapped]) }]);
  }

  /** The same without the key: what some accounts' companions get first when a passkey will be asked for. */
  forerunner(): BinaryNode {
    return this.primaryHello([]);
  }

  private primaryHello(key: readonly BinaryNode[]): BinaryNode {
    return {
      tag: 'notification',
      attrs: {
        from: USER_SERVER,
        type: 'link_code_companion_reg',
        id: randomBytes(8).toString('hex').toUpperCase(),
        t: epochSeconds(),
      },
      content: [
        {
          tag: 'link_code_companion_reg',
          attrs: { stage: 'primary_hello' },
          content: [
            ...key,
            { tag: 'primary_identity_pub', attrs: {}, content: this.account.identity.public },
            { tag: 'link_code_pairing_ref', attrs: {}, content: this.offer.ref },
          ],
        },
      ],
    };
  }

  /** The secret that both sides now share. Throws when the code was wrong. */
  advSecret(keyBundle: Buffer, companionIdentity: Buffer): Buffer {
    const shared = Curve.sharedKey(this.ephemeral.private, this.companionEphemeral);
    const { salt, iv, rest } = cut(keyBundle, GCM_NONCE_BYTES);
    const bundleKey = hkdf(shared, salt, 'link_code_pairing_key_bundle_encryption_key');
    const bundle = aesDecryptGCM(rest, bundleKey, iv, NO_BYTES);
    const companion = bundle.subarray(0, KEY_BYTES);
    const primary = bundle.subarray(KEY_BYTES, 2 * KEY_BYTES);
    const random = bundle.subarray(2 * KEY_BYTES);
    if (!companion.equals(companionIdentity) || !primary.equals(this.account.identity.public)) {
      throw new Error('the key bundle names other identities');
    }
    const identityShared = Curve.sharedKey(this.account.identity.private, companionIdentity);
    return hkdf(Buffer.concat([shared, identityShared, random]), NO_BYTES, 'adv_secret');
  }
}

function cut(bytes: Buffer, ivBytes: number): { salt: Buffer; iv: Buffer; rest: Buffer } {
  return {
    salt: bytes.subarray(0, KEY_BYTES),
    iv: bytes.subarray(KEY_BYTES, KEY_BYTES + ivBytes),
    rest: bytes.subarray(KEY_BYTES + ivBytes),
  };
}

function hkdf(secret: Buffer, salt: Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, KEY_BYTES));
}

function keyOf(code: string, salt: Buffer): Promise<Buffer> {
  return promisify(pbkdf2)(code, salt, PBKDF2_ROUNDS, KEY_BYTES, 'sha256');
}
