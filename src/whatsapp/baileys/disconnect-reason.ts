import { STATUS_CODES } from 'node:http';
import { maskNumbersIn } from '../../common/logging/mask-numbers.js';
import { PasskeyRequired } from '../whatsapp.errors.js';
import type { LinkMethod } from '../whatsapp.gateway.js';

/** A plain close of the socket. */
const CONNECTION_CLOSED = 428;
/** Time-outs, names that are not found, refused connections. */
const CONNECTION_LOST = 408;

export interface Disconnect {
  /** HTTP-like code of the stream error, the `<failure>` or the socket. */
  readonly code: number;
  readonly reason: string;
  readonly cause?: 'link_code_expired';
}

export const NO_ANSWER: Disconnect = {
  code: CONNECTION_LOST,
  reason: 'The WhatsApp server did not answer in time',
};

export const RECONFIGURED: Disconnect = {
  code: CONNECTION_CLOSED,
  reason: 'The configuration of the connection was changed',
};

/** What WhatsApp gave for linking was not used while it was valid. */
export const LINK_CODE_EXPIRED: Readonly<Record<LinkMethod['kind'], Disconnect>> = {
  qr: { code: CONNECTION_LOST, reason: 'The QR code was not scanned in time', cause: 'link_code_expired' },
  code: {
    code: CONNECTION_LOST,
    reason: 'The pairing code was not entered in time',
    cause: 'link_code_expired',
  },
};

/** WhatsApp gives no code with its request for a passkey; this is the status that clients get for it. */
export const PASSKEY_DISCONNECT: Disconnect = { code: 409, reason: new PasskeyRequired().message };

/** The library ends a socket with these words, however the phone is being linked. */
const LINK_CODES_USED_UP = 'QR refs attempts ended';
const CREDENTIALS_IN_URL = /\/\/[^/\s]*@/g;
const MAX_DETAIL = 200;

const WORDS: Readonly<Record<number, string>> = {
  401: 'Logged out on the phone',
  403: 'WhatsApp has blocked this account',
  408: 'Connection to WhatsApp was lost',
  411: 'The account does not support linked devices',
  419: 'Logged out by WhatsApp',
  428: 'Connection was closed',
  429: 'WhatsApp asks for fewer connections',
  440: 'Another client has taken over this session',
  500: 'WhatsApp reported a bad session',
  503: 'WhatsApp is temporarily unavailable',
  515: 'WhatsApp asks for a restart of the connection',
  516: 'Logged out by WhatsApp',
};

/** Reads what the library gives as the reason of a close: a Boom, another Error, or a bare close code. */
export function readDisconnect(error: unknown): Disconnect {
  const message = error instanceof Error ? error.message : '';
  if (message === LINK_CODES_USED_UP) return LINK_CODE_EXPIRED.qr;
  const code = codeOf(error, message);
  const detail = detailIn(message);
  return { code, reason: detail ?? WORDS[code] ?? `Disconnected with code ${code}` };
}

/** The answer to the upgrade of a socket, by a server in front. Its status is not WhatsApp's word on the account. */
export function readHttpRefusal(status = 0): Disconnect {
  const words = STATUS_CODES[status];
  return { code: CONNECTION_CLOSED, reason: `unexpected HTTP answer ${status}${words ? ` ${words}` : ''}` };
}

/** The library gives 500 and other codes of its own to errors below WhatsApp; none of them is a word on the session. */
function codeOf(error: unknown, message: string): number {
  const code = statusCodeOf(error) ?? CONNECTION_CLOSED;
  return message.startsWith('WebSocket Error') && code !== CONNECTION_LOST ? CONNECTION_CLOSED : code;
}

/** The library wraps what the operating system said, or our agent of a proxy: `WebSocket Error (connect ECONNREFUSED …)`. */
function detailIn(message: string): string | undefined {
  const inner = /^WebSocket Error \((.+)\)$/s.exec(message)?.[1];
  if (!inner || inner === 'undefined') return undefined;
  const oneLine = inner.replace(/\s+/g, ' ').replace(CREDENTIALS_IN_URL, '//').slice(0, MAX_DETAIL);
  return maskNumbersIn(oneLine);
}

function statusCodeOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('output' in error)) return undefined;
  const { output } = error;
  if (typeof output !== 'object' || output === null || !('statusCode' in output)) return undefined;
  return typeof output.statusCode === 'number' ? output.statusCode : undefined;
}
