import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Names what the key is for (HKDF info), so that a value signed for anything else is no share. */
export const SHARE_KEY_PURPOSE = 'ringdrop pairing share v1';

const FORMAT_VERSION = 1;
const INSTANCE_ID_BYTES = 16;
const TIME_BYTES = 6;
const RANDOM_BYTES = 8;
const SIGNED_BYTES = 1 + INSTANCE_ID_BYTES + 2 * TIME_BYTES + RANDOM_BYTES;
/** 69 bytes fill 92 characters to the last bit, so that a share has one spelling only. */
const TEXT_PATTERN = /^[A-Za-z0-9_-]{92}$/;
const UUID_PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** What the address of a pairing page says. */
export interface PairingShare {
  /** UUID, lower case. */
  readonly instanceId: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/**
 * The share as text for an address, base64url:
 * `version(1) | instance id(16) | issued at(6) | expires at(6) | random(8) | HMAC-SHA-256(32)`, times in Unix
 * milliseconds, big-endian. The random bytes make two shares of one moment differ.
 * @param key 32 bytes, derived for `SHARE_KEY_PURPOSE`
 */
export function signShare({ instanceId, issuedAt, expiresAt }: PairingShare, key: Buffer): string {
  if (!UUID_PATTERN.test(instanceId)) throw new TypeError('An instance id is a lower-case UUID');
  const signed = Buffer.concat([
    Buffer.of(FORMAT_VERSION),
    Buffer.from(instanceId.replaceAll('-', ''), 'hex'),
    timeBytes(issuedAt),
    timeBytes(expiresAt),
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
  };
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
