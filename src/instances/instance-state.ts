import type { SessionSignal } from '../whatsapp/whatsapp-signals.js';

export const INSTANCE_STATUSES = ['connected', 'connecting', 'disconnected', 'loggedout'] as const;

/** What the product says about an instance; it outlives the process, unlike the state of a session. */
export type InstanceStatus = (typeof INSTANCE_STATUSES)[number];

/**
 * ```txt
 *                 connecting, qr_ready, paired
 *   disconnected ──────────────────────────────► connecting ◄──┐
 *     ▲      ▲  ◄──────────────────────────────   │    │       │
 *     │      │    disconnected, passkey_required  │    │       │ connecting, qr_ready, paired
 *     │      │                          connected │    │       │
 *     │      │ disconnected                       ▼    │       │
 *     │      └──────────────────────────── connected   │       │
 *     │                                           │    │       │
 *     │            logged_out (from all three)    ▼    ▼       │
 *     └ · · · · · · · · · · · · · · · · · · · · loggedout ─────┘
 *        never straight back: it is linked anew first
 * ```
 * A session tells facts in their order, so the newest fact wins. Only the echo of a logout fades: the socket that
 * closes after it does not turn "logged out" into "disconnected".
 */
const TRANSITIONS = {
  connected: {
    qr_ready: 'connecting',
    paired: 'connecting',
    connecting: 'connecting',
    connected: 'connected',
    disconnected: 'disconnected',
    passkey_required: 'disconnected',
    logged_out: 'loggedout',
    restricted: 'connected',
    unrestricted: 'connected',
  },
  connecting: {
    qr_ready: 'connecting',
    paired: 'connecting',
    connecting: 'connecting',
    connected: 'connected',
    disconnected: 'disconnected',
    passkey_required: 'disconnected',
    logged_out: 'loggedout',
    restricted: 'connecting',
    unrestricted: 'connecting',
  },
  disconnected: {
    qr_ready: 'connecting',
    paired: 'connecting',
    connecting: 'connecting',
    connected: 'connected',
    disconnected: 'disconnected',
    passkey_required: 'disconnected',
    logged_out: 'loggedout',
    restricted: 'disconnected',
    unrestricted: 'disconnected',
  },
  loggedout: {
    qr_ready: 'connecting',
    paired: 'connecting',
    connecting: 'connecting',
    connected: 'connected',
    disconnected: undefined,
    passkey_required: undefined,
    logged_out: undefined,
    restricted: 'loggedout',
    unrestricted: 'loggedout',
  },
} as const satisfies Record<InstanceStatus, Record<SessionSignal['type'], InstanceStatus | undefined>>;

/**
 * The status after a signal; the same status when the signal is news that moves nothing (another QR, another failed
 * attempt). `undefined`: the signal is late or repeated and changes nothing at all.
 */
export function nextInstanceStatus(
  status: InstanceStatus,
  signal: SessionSignal['type'],
): InstanceStatus | undefined {
  return TRANSITIONS[status][signal];
}
