import { randomBytes } from 'node:crypto';

const PREFIX = 'whsec_';
const NEW_KEY_BYTES = 32;
const MIN_KEY_BYTES = 24;
const MAX_KEY_BYTES = 64;

/** The rule that {@link isWebhookSecret} checks, in words for an error message. */
export const WEBHOOK_SECRET_RULE = `secret must be ${PREFIX} followed by ${MIN_KEY_BYTES} to ${MAX_KEY_BYTES} bytes in base64`;

/** A fresh signing secret: `whsec_` and 32 random bytes in base64, the form of Standard Webhooks 1.0. */
export function makeWebhookSecret(): string {
  return PREFIX + randomBytes(NEW_KEY_BYTES).toString('base64');
}

/** `whsec_` and 24–64 bytes in padded standard base64; other spellings of base64 would fail at the receiver. */
export function isWebhookSecret(secret: string): boolean {
  return keyIn(secret) !== undefined;
}

/** The key bytes that sign. @throws RangeError for anything but a webhook secret; the message does not repeat it. */
export function webhookSecretKey(secret: string): Buffer {
  const key = keyIn(secret);
  if (!key) throw new RangeError(WEBHOOK_SECRET_RULE);
  return key;
}

function keyIn(secret: string): Buffer | undefined {
  if (!secret.startsWith(PREFIX)) return undefined;
  const encoded = secret.slice(PREFIX.length);
  const key = Buffer.from(encoded, 'base64');
  if (key.length < MIN_KEY_BYTES || key.length > MAX_KEY_BYTES) return undefined;
  // Node's decoder skips what it does not know; only a text that comes back unchanged was base64.
  return key.toString('base64') === encoded ? key : undefined;
}
