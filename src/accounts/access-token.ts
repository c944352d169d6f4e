import { createHash, randomBytes } from 'node:crypto';

const PREFIX = { account: 'rda_', instance: 'rdi_' } as const;
const RANDOM_BYTES = 32;

/** A new token of 256 random bits: a prefix that tells its kind, then 43 base64url characters. */
export function makeAccessToken(kind: keyof typeof PREFIX): string {
  return PREFIX[kind] + randomBytes(RANDOM_BYTES).toString('base64url');
}

/**
 * What is stored of a token: 32 bytes. A plain SHA-256 is enough, because nobody can try 2^256 tokens; looking the
 * hash up in an index tells an attacker nothing about the token.
 */
export function hashAccessToken(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}
