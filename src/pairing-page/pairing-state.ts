import type { LinkMethod } from '../whatsapp/whatsapp.gateway.js';
import type { SessionSignal } from '../whatsapp/whatsapp-signals.js';
import { failureOfDisconnect, type LinkFailure } from './link-failure.js';
import { drawQr, type QrDrawing } from './qr-drawing.js';

/** Where linking stands, as the page shows it. */
export type PairingState =
  /** Nothing has begun. */
  | { readonly phase: 'idle' }
  | { readonly phase: 'starting'; readonly method: LinkMethod['kind'] }
  | { readonly phase: 'qr'; readonly qr: QrDrawing }
  /** Eight characters to type on the phone. */
  | { readonly phase: 'code'; readonly code: string }
  /** The phone consented; the session logs in. */
  | { readonly phase: 'linking' }
  /** The session lost its connection and tries again by itself. */
  | { readonly phase: 'retrying'; readonly failure: LinkFailure }
  | { readonly phase: 'failed'; readonly failure: LinkFailure }
  /** `number`: digits of the phone, `null` when not known. */
  | { readonly phase: 'connected'; readonly number: string | null };

/** Signals in the page's terms; a `disconnected` is an interruption or an end. */
type News = Exclude<SessionSignal['type'], 'disconnected' | 'restricted' | 'unrestricted'> | Ending;
type Ending = 'interrupted' | 'ended';
type Verdict = 'qr' | 'linking' | 'retrying' | 'failed' | 'stopped' | 'connected';

const BEFORE_CODE = {
  qr_ready: 'qr',
  paired: 'linking',
  connected: 'connected',
  interrupted: 'retrying',
  passkey_required: 'failed',
} as const;

/** Somebody else's command is the only cause of a new attempt, or of a logout, while a code waits for the phone. */
const CODE_SHOWN = {
  qr_ready: 'qr',
  paired: 'linking',
  connecting: 'stopped',
  connected: 'connected',
  interrupted: 'retrying',
  ended: 'failed',
  logged_out: 'stopped',
  passkey_required: 'failed',
} as const;

/**
 * ```txt
 *   idle ──► starting ──► qr, code ──► linking ──► connected
 *               │             │         │    ▲
 *               ▼             ▼         ▼    │ paired
 *             failed ◄──── failed     retrying (and back: connected)
 * ```
 * While a command starts, how it fails is told by the command itself, more precisely than by the session; a saved
 * session that is reopened for it may also be logged out before a new link begins. A code that appears wins, unless another
 * way of linking was asked for meanwhile.
 */
const VERDICTS: Record<PairingState['phase'], Partial<Record<News, Verdict>>> = {
  idle: BEFORE_CODE,
  starting: BEFORE_CODE,
  qr: CODE_SHOWN,
  code: CODE_SHOWN,
  linking: {
    qr_ready: 'qr',
    connected: 'connected',
    interrupted: 'retrying',
    ended: 'failed',
    logged_out: 'failed',
    passkey_required: 'failed',
  },
  retrying: {
    qr_ready: 'qr',
    paired: 'linking',
    connected: 'connected',
    interrupted: 'retrying',
    ended: 'failed',
    logged_out: 'failed',
    passkey_required: 'failed',
  },
  failed: { qr_ready: 'qr', paired: 'linking', connected: 'connected' },
  connected: {},
};

/** The state after a signal; `undefined`: it changes nothing that the page shows. */
export function nextPairingState(state: PairingState, signal: SessionSignal): PairingState | undefined {
  // From the attempt by QR code whose place this one takes.
  if (state.phase === 'starting' && state.method === 'code' && signal.type === 'qr_ready') return undefined;
  const news = newsOf(signal);
  const verdict = news && VERDICTS[state.phase][news];
  return verdict && stateAfter(verdict, signal);
}

/** `5511999999999:12@s.whatsapp.net` → `5511999999999` */
export function numberOf(jid: string): string | null {
  return /^(\d+)(?::\d+)?@s\.whatsapp\.net$/.exec(jid)?.[1] ?? null;
}

function newsOf(signal: SessionSignal): News | undefined {
  if (signal.type === 'restricted' || signal.type === 'unrestricted') return undefined;
  if (signal.type !== 'disconnected') return signal.type;
  return signal.retryAt === null ? 'ended' : 'interrupted';
}

function stateAfter(verdict: Verdict, signal: SessionSignal): PairingState | undefined {
  switch (verdict) {
    case 'qr':
      return signal.type === 'qr_ready' ? { phase: 'qr', qr: drawQr(signal.qr) } : undefined;
    case 'connected':
      return signal.type === 'connected' ? { phase: 'connected', number: numberOf(signal.jid) } : undefined;
    case 'linking':
      return { phase: 'linking' };
    case 'retrying':
    case 'failed':
      return { phase: verdict, failure: failureOf(signal) };
    case 'stopped':
      return { phase: 'failed', failure: { reason: 'stopped' } };
  }
}

function failureOf(signal: SessionSignal): LinkFailure {
  if (signal.type === 'passkey_required') return { reason: 'passkey_required' };
  return signal.type === 'disconnected' || signal.type === 'logged_out'
    ? failureOfDisconnect(signal)
    : { reason: 'unavailable' };
}
