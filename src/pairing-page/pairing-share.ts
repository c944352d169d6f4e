import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Names what the key is for (HKDF info), so that a value signed for anything else is no share. */
export const SHARE_KEY_PURPOSE = 'ringdrop pairing share v1';

/** Links of version 1, which named no tokens, went on after a token was rotated. */
const FORMAT_VERSION = 2;
const INSTANCE_ID_BYTES = 16;
const TIME_BYTES = 6;
const TOKENS_BYTES = 5;
const RANDOM_BYTES = 3;
const RANDOM_AT = 1 + INSTANCE_ID_BYTES + 2 * TIME_BYTES + TOKENS_BYTES;
const SIGNED_BYTES = RANDOM_AT + RANDOM_BYTES;
/** 69 bytes fill 92 characters to the last bit, so that a share has one spelling only. */
const TEXT_PATTERN = /^[A-Za-z0-9_-]{92}$/;
const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What the address of a pairing page says. */
export interface PairingShare {
  /** UUID, lower case. */
  readonly instanceId: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  /** Which tokens the account and the instance had, see `tokensMark`. */
  readonly tokens: Buffer;
}

/**
 * The share as text for an address, base64url:
 * `version(1) | instance id(16) | issued at(6) | expires at(6) | tokens(5) | random(3) | HMAC-SHA-256(32)`, times in Unix
 * milliseconds, big-endian. The random bytes make two shares of one moment differ.
 * @param key 32 bytes, derived for `SHARE_KEY_PURPOSE`
 */
export function signShare({ instanceId, issuedAt, expiresAt, tokens }: PairingShare, key: Buffer): string {
  if (!UUID_PATTERN.test(instanceId)) throw new TypeError('An instance id is a lower-case UUID');
  if (tokens.length !== TOKENS_BYTES) throw new TypeError('The tokens are not marked');
  const signed = Buffer.concat([
    Buffer.of(FORMAT_VERSION),
    Buffer.from(instanceId.replaceAll('-', ''), 'hex'),
    timeBytes(issuedAt),
    timeBytes(expiresAt),
    tokens,
    randomBytes(RANDOM_BYTES),
  ]);
  return Buffer.concat([signed, mac(signed, key)]).toString('base64url');
}

/**
 * Reads a share that one of the keys signed. `undefined` for everything else: foreign, damaged, or written in
 * another way than `signShare` writes it. Whether it has expired is left to the caller.
 */
export function readShare(text: string, keys: readonly Buffer[]): PairingShare | undefined {
  if (!TEXT_PATTERN.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  const signed = bytes.subarray(0, SIGNED_BYTES);
  const presented = bytes.subarray(SIGNED_BYTES);
  if (!keys.some((key) => timingSafeEqual(mac(signed, key), presented))) return undefined;
  if (signed[0] !== FORMAT_VERSION) return undefined;
  const timesAt = 1 + INSTANCE_ID_BYTES;
  return {
    instanceId: toUuid(signed.subarray(1, timesAt)),
    issuedAt: new Date(signed.readUIntBE(timesAt, TIME_BYTES)),
    expiresAt: new Date(signed.readUIntBE(timesAt + TIME_BYTES, TIME_BYTES)),
    tokens: Buffer.from(signed.subarray(RANDOM_AT - TOKENS_BYTES, RANDOM_AT)),
  };
}

/**
 * Stands in a share for the tokens that open its instance: another one as soon as one of them is rotated. It tells nothing about them,
 * and is safe to be short because the share is signed.
 * @param tokenHashes of the account and of the instance
 */
export function tokensMark(tokenHashes: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update('tokens').update(tokenHashes).digest().subarray(0, TOKENS_BYTES);
}

function mac(signed: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update(signed).digest();
}

function timeBytes(time: Date): Buffer {
  const bytes = Buffer.alloc(TIME_BYTES);
  bytes.writeUIntBE(time.getTime(), 0, TIME_BYTES);
  return bytes;
}

function toUuid(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
