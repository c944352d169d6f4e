/** Why a callee's side ended a call; see `CallSignal`. */
export type CalleeRefusal = 'rejected' | 'busy' | 'unreachable';

/** WhatsApp does not let an account reach out, or is taken not to when it gives no end. */
export interface Restriction {
  readonly until: Date;
  /** From this time on calls go out to contacts whose trust token is held; `null`: to nobody before `until`. */
  readonly contactsFrom: Date | null;
}

/**
 * Until when a contact may not be called; `undefined`: they may.
 * @param holdsToken a good trust token of the contact is held
 */
export function closedUntil(
  { until, contactsFrom }: Restriction,
  holdsToken: boolean,
  now: Date,
): Date | undefined {
  const end = holdsToken && contactsFrom && contactsFrom < until ? contactsFrom : until;
  return end > now ? end : undefined;
}

/** What WhatsApp tells about a session. Times are the process's own. */
export type SessionSignal = { readonly instanceId: string; readonly at: Date } & (
  | { readonly type: 'qr_ready'; readonly qr: string }
  /** The phone accepted the link; WhatsApp now closes the socket once and the session logs in. */
  | { readonly type: 'paired'; readonly jid: string }
  | { readonly type: 'connecting' }
  | { readonly type: 'connected'; readonly jid: string; readonly name: string | null }
  /** The connection is gone; `retryAt` is `null` when nobody will try again by itself. */
  | {
      readonly type: 'disconnected';
      readonly code: number;
      readonly reason: string;
      readonly retryAt: Date | null;
      /** What the code does not say: nobody scanned or typed what WhatsApp gave for linking. */
      readonly cause?: 'link_code_expired';
    }
  /** WhatsApp asks the account for a passkey; the attempt to link it has ended, and nothing of it is kept. */
  | { readonly type: 'passkey_required'; readonly code: number; readonly reason: string }
  /** The link is gone for good (401, 403, 419, 516) and the stored credentials with it, except after 403. */
  | { readonly type: 'logged_out'; readonly code: number; readonly reason: string }
  | ({ readonly type: 'restricted' } & Restriction)
  | { readonly type: 'unrestricted' }
);

/** What the server says with its acknowledgement of an offer. */
export interface OfferAcceptance {
  /** Device LIDs that the server rings besides those of the ring. */
  readonly furtherDevices: readonly string[];
  /** Time after which the official client of the caller ends the call, seconds; `null` when the server gave none. */
  readonly callerTimeoutSeconds: number | null;
}

/** What WhatsApp reports of an outgoing call, after all its devices were considered. */
export type CallReport =
  /** A device received the offer. It does not prove that anything rings. */
  | { readonly type: 'delivered' }
  /** The server's acknowledgement came after a device had answered, so that nobody waited for it any more. */
  | ({ readonly type: 'acknowledged' } & OfferAcceptance)
  /** A device alerts its user (`preaccept`). */
  | { readonly type: 'ringing' }
  /** Somebody picked up. The gateway has already hung up every device. */
  | { readonly type: 'answered' }
  /** No device is left that could ring, or a person declined; other devices have been dismissed. */
  | { readonly type: 'refused_by_callee'; readonly refusal: CalleeRefusal }
  /**
   * The callee's side or the server ended the call, and other devices have been dismissed. `reason` as on the wire:
   * `timeout`, `busy`, `accepted_elsewhere`, …; `null` when none was given.
   */
  | { readonly type: 'ended_remotely'; readonly reason: string | null };

export type CallSignal = {
  readonly instanceId: string;
  readonly callId: string;
  readonly at: Date;
} & CallReport;

/**
 * What WhatsApp tells about a call that somebody places to the account. Each of the two is told at most once for a
 * call-id. Calls of the account itself, placed here or on its phone, are never told as incoming.
 */
export type IncomingCallSignal = {
  readonly instanceId: string;
  readonly callId: string;
  readonly at: Date;
  /** Bare JID of the caller: a LID, or a phone-number JID from old clients. */
  readonly from: string;
  /** Digits of the caller's phone number; `null` when WhatsApp hides it, see `WhatsAppGateway.storedNumberOf`. */
  readonly number: string | null;
  /** Where a text to the caller goes: the phone-number JID if known, else `from`. */
  readonly replyTo: string;
  readonly isVideo: boolean;
  readonly isGroup: boolean;
  /** When WhatsApp dated the stanza that first named the call; `null` when it gave no time. */
  readonly offeredAt: Date | null;
} & (
  | { readonly type: 'incoming_call' }
  | {
      readonly type: 'incoming_call_ended';
      /** As on the wire: `timeout`, `accepted_elsewhere`, `rejected_elsewhere`, …; `null` when none was given. */
      readonly reason: string | null;
      /** Another device of the account, such as the phone, took the call. */
      readonly answeredElsewhere: boolean;
      /** False: no `incoming_call` came before, the call was over when this session heard of it. */
      readonly rang: boolean;
    }
);

export type WhatsAppSignal = SessionSignal | CallSignal | IncomingCallSignal;

/** True for what concerns a call that was placed here. */
export function isCallSignal(signal: WhatsAppSignal): signal is CallSignal {
  return 'callId' in signal && signal.type !== 'incoming_call' && signal.type !== 'incoming_call_ended';
}
