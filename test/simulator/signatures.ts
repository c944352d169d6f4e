import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import { fromBytes, GROUP_ORDER, inverse, mod, timesBase, toBytes } from './edwards.js';

const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const SIGN_BIT = 0x80;

/**
 * Signs with a Curve25519 key as Signal and WhatsApp do (XEdDSA): an Ed25519 signature by the Edwards form of the key, whose
 * sign bit travels in the last byte. The library that Baileys uses does the same about ten times slower under Jest.
 */
export function sign(privateKey: Uint8Array, message: Uint8Array): Buffer {
  const scalar = clamped(privateKey);
  const publicPoint = timesBase(scalar);
  const nonce = hashToScalar(privateKey, message, randomBytes(64));
  const noncePoint = timesBase(nonce);
  const s = (nonce + hashToScalar(noncePoint, publicPoint, message) * scalar) % GROUP_ORDER;
  const signature = Buffer.concat([noncePoint, toBytes(s)]);
  signature[63] = (signature[63] ?? 0) | ((publicPoint[31] ?? 0) & SIGN_BIT);
  return signature;
}

/**
 * Checks a signature made with a Curve25519 key. `publicKey` may carry Signal's type byte 05. Any malformed input is simply
 * not valid. Independent of `sign`: the check itself is Node's Ed25519.
 */
export function isValidSignature(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = publicKey.length === 33 ? publicKey.subarray(1) : publicKey;
  if (key.length !== 32 || signature.length !== 64) return false;
  const lastByte = signature[63] ?? 0;
  const edwards = toEdwards(key);
  edwards[31] = (edwards[31] ?? 0) | (lastByte & SIGN_BIT);
  const plainSignature = Buffer.from(signature);
  plainSignature[63] = lastByte & ~SIGN_BIT;
  try {
    const verifier = createPublicKey({
      key: Buffer.concat([ED25519_SPKI_PREFIX, edwards]),
      format: 'der',
      type: 'spki',
    });
    return verify(null, message, verifier, plainSignature);
  } catch {
    return false; // not a point of the curve
  }
}

/** y = (u - 1) / (u + 1) */
function toEdwards(montgomery: Uint8Array): Buffer {
  const u = fromBytes(montgomery) & (2n ** 255n - 1n);
  return toBytes(mod((u - 1n) * inverse(u + 1n)));
}

/** The scalar that X25519 uses for this private key. */
function clamped(privateKey: Uint8Array): bigint {
  const bytes = Buffer.from(privateKey);
  bytes[0] = (bytes[0] ?? 0) & 248;
  bytes[31] = ((bytes[31] ?? 0) & 127) | 64;
  return fromBytes(bytes);
}

function hashToScalar(...parts: Uint8Array[]): bigint {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return fromBytes(hash.digest()) % GROUP_ORDER;
}
