import { randomBytes } from 'node:crypto';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { USER_SERVER } from './jids.js';
import { epochSeconds } from './nodes.js';

const CHALLENGE_BYTES = 32;
const CHALLENGE_LIFETIME_MS = 600_000;

/**
 * What the server sends to a companion, in place of `pair-success`, when the account must prove a passkey first (2026
 * servers). The options are WebAuthn request options with the values of a published capture.
 * @param from only `s.whatsapp.net` sends it really
 */
export function passkeyRequest(from: string = USER_SERVER): BinaryNode {
  const options = {
    challenge: randomBytes(CHALLENGE_BYTES).toString('base64url'),
    timeout: CHALLENGE_LIFETIME_MS,
    rpId: 'whatsapp.com',
    allowCredentials: [],
    userVerification: 'required',
    extensions: { uvm: true },
  };
  return {
    tag: 'notification',
    attrs: {
      from,
      type: 'passkey_prologue_request',
      id: randomBytes(8).toString('hex').toUpperCase(),
      t: epochSeconds(),
    },
    content: [
      { tag: 'passkey_request_options', attrs: {}, content: Buffer.from(JSON.stringify(options), 'utf8') },
    ],
  };
}
