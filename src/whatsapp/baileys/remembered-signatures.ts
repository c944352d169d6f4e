import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/** Whether a signature of a message was made with the private half of a key. */
export type SignatureCheck = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

const REMEMBERED = 64;

/**
 * The same check, asked once for each signature that it found right: every session is shown the same certificate chain of
 * the server, and the two checks of it are a good part of what a connection costs. What is remembered is a digest of key,
 * message and signature, each with its length, so that nothing but these very bytes passes. Refusals are not remembered.
 */
export function rememberingRight(check: SignatureCheck): SignatureCheck {
  const right = new LRUCache<string, true>({ max: REMEMBERED });
  return (...parts) => {
    const digest = digestOf(parts);
    if (right.get(digest)) return true;
    const isRight = check(...parts);
    if (isRight) right.set(digest, true);
    return isRight;
  };
}

function digestOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.byteLength}:`).update(part);
  return hash.digest('base64');
}
