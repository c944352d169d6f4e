import { createHmac } from 'node:crypto';
import { webhookSecretKey } from '../../common/crypto/webhook-secret.js';

export interface SignedMessage {
  /** Stable over retries: receivers recognise a repeated event by it. */
  readonly id: string;
  /** Time of this attempt; receivers commonly refuse more than five minutes of difference. */
  readonly timestamp: Date;
  /** The exact text that is sent. */
  readonly body: string;
  /** The secrets that are valid now, newest first: two while a rotation lasts. */
  readonly secrets: readonly string[];
}

/**
 * The three headers of Standard Webhooks 1.0 with one symmetric (`v1`) signature for each secret, in their order; none
 * at all without a secret.
 * @throws RangeError when a secret is not a webhook secret
 */
export function signatureHeaders({ id, timestamp, body, secrets }: SignedMessage): Record<string, string> {
  if (secrets.length === 0) return {};
  const timestampSeconds = Math.floor(timestamp.getTime() / 1000);
  const content = `${id}.${timestampSeconds}.${body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', webhookSecretKey(secret)).update(content).digest('base64')}`,
  );
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    'webhook-signature': signatures.join(' '),
  };
}
