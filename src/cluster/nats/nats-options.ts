import type { NatsOptions } from '@nestjs/microservices';
import { fieldsOf, type Fields } from '../wire-values.js';

type Options = NonNullable<NatsOptions['options']>;

/** What the framework takes out of a message of the broker. */
interface Framed {
  readonly pattern: string;
  readonly data?: unknown;
  readonly id?: string;
}

const CONNECT_TIMEOUT_MS = 2000;
const RECONNECT_WAIT_MS = 500;
/** Two pings without an answer and the connection counts as lost: a broker that is cut off is noticed within 3 s. */
const PING_INTERVAL_MS = 1000;
const MAX_PINGS_OUT = 2;

/** How to reach the broker. The client takes no credentials out of a URL, so they are given beside it. */
export function natsOptions(natsUrl: string): Options {
  const url = new URL(natsUrl);
  const user = decodeURIComponent(url.username);
  const pass = decodeURIComponent(url.password);
  return {
    servers: `${url.hostname}:${url.port || '4222'}`,
    // A user without a password is a token, as in the URLs of the NATS tools.
    ...(user !== '' && (pass === '' ? { token: user } : { user, pass })),
    ...(url.protocol === 'tls:' && { tls: {} }),
    name: 'ringdrop',
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_WAIT_MS,
    reconnectJitter: RECONNECT_WAIT_MS,
    // Credentials may be put right at the broker while the product runs.
    ignoreAuthErrorAbort: true,
  };
}

/** Anybody on the broker may send anything: what is no packet of the framework becomes one without data. */
export const REQUEST_DESERIALIZER = {
  deserialize: (message: { json(): unknown }): Framed => {
    const { data, id } = fieldsIn(message);
    return { pattern: '', data, ...(typeof id === 'string' && { id }) };
  },
};

/** Like that for replies, which end the question in any case. */
export const REPLY_DESERIALIZER = {
  deserialize: (message: { json(): unknown }) => {
    const { response, id, err } = fieldsIn(message);
    return { id: typeof id === 'string' ? id : '', response: response ?? null, err, isDisposed: true };
  },
};

function fieldsIn(message: { json(): unknown }): Fields {
  try {
    return fieldsOf(message.json());
  } catch {
    return {};
  }
}
