import type { OfferAcceptance, Restriction, WhatsAppSignal } from './whatsapp-signals.js';

/** The way to WhatsApp for one instance. */
export interface NetworkProxy {
  readonly protocol: 'http' | 'https' | 'socks5';
  readonly host: string;
  /** TCP port, 1–65535. */
  readonly port: number;
  readonly username: string | null;
  readonly password: string | null;
}

export interface SessionOptions {
  /** Whom the session belongs to. */
  readonly accountId: string;
  /** `null` = connect directly. */
  readonly proxy: NetworkProxy | null;
  /** Show the account as online while the session is open. */
  readonly keepOnline: boolean;
  /** What an earlier process learned; it counts until this one hears of a restriction, or of its end, itself. */
  readonly restriction: Restriction | null;
}

/** Live state of a session in this process. `absent` = no socket and none wanted. */
export type SessionState = 'absent' | 'linking' | 'connecting' | 'connected';

export type LinkMethod = { readonly kind: 'qr' } | { readonly kind: 'code'; readonly number: string };

/** What the owner of the phone needs to link it. */
export type LinkOffer =
  | { readonly kind: 'qr'; readonly qr: string }
  /** Eight characters to type on the phone. */
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'connected' };

/** Whom to call: phone numbers (digits) in the order in which they are tried, or the digits of a LID. */
export type CalleeQuery =
  | { readonly kind: 'number'; readonly candidates: readonly string[] }
  | { readonly kind: 'lid'; readonly digits: string };

/** What is needed to follow a call and to hang it up, also from another process after a crash. */
export interface Ring {
  /** The id on the wire: `00` and 30 upper-case hex digits. */
  readonly callId: string;
  /** Our own LID with device id, `call-creator` on the wire. */
  readonly creator: string;
  /** Device LIDs that may ring, the primary first: the server rings them all, and each has to be stopped. */
  readonly devices: readonly string[];
  /** Those for which the offer has a key. Absent in rows of earlier releases, which named no others. */
  readonly offered?: readonly string[];
  /** Id of the offer stanza, which receipts refer to. */
  readonly offerStanzaId: string;
}

/** A call that is ready to leave: everything is looked up and encrypted, nothing has been sent. */
export interface CallDraft {
  /** Digits that will be called. */
  readonly number: string;
  /** Bare LID of the callee. */
  readonly jid: string;
  readonly ring: Ring;
  /**
   * Sends the offer and waits up to 15 s for the server's verdict. Resolves when the server accepted it, or when a device of
   * the callee answers first; what the server says then comes as `acknowledged`.
   * @throws OfferRefused, OfferOutdated, OfferNotAcknowledged, WhatsAppRestricted, SessionNotConnected (nothing was sent)
   */
  place(): Promise<OfferAcceptance>;
  /**
   * The same call prepared anew after `OfferOutdated`: another call-id, devices and sessions are asked for again.
   * @throws what `prepareCall` throws
   */
  renew(): Promise<CallDraft>;
}

/** A call that somebody places to the account. */
export interface IncomingCallRef {
  readonly callId: string;
  /** Bare JID of the caller. */
  readonly from: string;
}

export interface TextMessage {
  /** Bare JID of a person: LID or phone-number JID. */
  readonly to: string;
  readonly text: string;
}

/**
 * WhatsApp in our words: many sessions, told apart by instance id, their credentials in the database.
 * Calls go down and answer; news comes up through `onSignal`.
 */
export abstract class WhatsAppGateway {
  /** Listeners are called in order, at once, and must not throw. Returns a function that ends the subscription. */
  abstract onSignal(listener: (signal: WhatsAppSignal) => void): () => void;

  abstract sessionState(instanceId: string): SessionState;

  /** Until the session of a linked phone is open again; `undefined`: nobody will open it, or nobody knows when. */
  abstract secondsUntilConnected(instanceId: string): number | undefined;

  /** True when credentials of a linked phone are stored, readable or not. */
  abstract hasCredentials(instanceId: string): Promise<boolean>;

  /**
   * Starts or continues linking and resolves when there is something to show, at most after 60 s. Asking again while
   * a QR is live returns the live one. `close`, `logout` or linking in another way end the wait at once. Without anything to show
   * the attempt ends when the last who waits for it has left, which `left` tells.
   * @throws ConnectedTooOften, TooManyLinkings, LinkingBusy, CodeTimeout, WhatsAppUnreachable, LinkingLimited, LinkingRefused, LinkingCancelled, PasskeyRequired,
   * AccountRestricted, ClientVersionRejected, CredentialsCorrupt
   */
  abstract link(
    instanceId: string,
    method: LinkMethod,
    options: SessionOptions,
    left?: AbortSignal,
  ): Promise<LinkOffer>;

  /** The QR payload that is live now, if any. */
  abstract currentQr(instanceId: string): string | undefined;

  /**
   * Opens the session of a linked phone and keeps it open; resolves when the attempt has begun. An open session is
   * closed first, so that new options take effect. A back-off that an earlier process left behind is kept unless
   * `now` is set; false: it is not over yet, and the attempt begins later.
   * @throws ConnectedTooOften (with `now`), NoCredentials, CredentialsCorrupt
   */
  abstract open(instanceId: string, options: SessionOptions & { readonly now?: boolean }): Promise<boolean>;

  /**
   * Lets other options take effect at once. An open connection, and the calls on it, are interrupted only by another proxy;
   * otherwise the session is opened as by `open` with `now`, or as soon as it may be again.
   * @throws NoCredentials, CredentialsCorrupt
   */
  abstract reconfigure(instanceId: string, options: SessionOptions): Promise<void>;

  /** Closes the socket and stays closed; the link to the phone stays. */
  abstract close(instanceId: string): Promise<void>;

  /**
   * Another process holds the instance, or soon may: cuts the socket off at once. Nothing is told and nothing is written, and
   * what was known of the calls of the instance is forgotten.
   */
  abstract abandon(instanceId: string): void;

  /** Removes the link at WhatsApp (best effort, at most 5 s), then closes and forgets credentials and keys. */
  abstract logout(instanceId: string): Promise<void>;

  /** Closes every socket; for shutdown. */
  abstract closeAll(): Promise<void>;

  /**
   * Whether a trust token of the callee is held that is still good: WhatsApp lets calls to such contacts through when it keeps
   * the account from reaching out. Found from what is stored here; nothing is sent.
   * @throws SessionNotConnected
   */
  abstract holdsTokenOf(instanceId: string, callee: CalleeQuery): Promise<boolean>;

  /**
   * Looks the callee up and encrypts the call key for each device.
   * @throws SessionNotConnected, InvalidNumber (the account's own), NumberNotRegistered, CalleeUnreachable, WhatsAppRestricted,
   * WhatsAppTimeout
   */
  abstract prepareCall(instanceId: string, callee: CalleeQuery): Promise<CallDraft>;

  /**
   * Digits of the phone number behind the bare LID of a person, as far as WhatsApp gave it before; `null`: it did not. Found
   * from what is stored with the session; nothing is sent.
   * @throws SessionNotConnected
   */
  abstract storedNumberOf(instanceId: string, lid: string): Promise<string | null>;

  /** Follows a call that an earlier process placed: its signals come again. */
  abstract followCall(instanceId: string, ring: Ring): void;

  /**
   * Stops the ringing: one `terminate` for each device of the ring, primary first. May be repeated.
   * @throws SessionNotConnected
   */
  abstract hangUp(instanceId: string, ring: Ring): Promise<void>;

  /**
   * Declines an incoming call and waits up to 15 s for the server to take it. No `incoming_call_ended` follows then.
   * A call that is known to be over is left alone.
   * @param call `callId` and `from` of the signal
   * @throws SessionNotConnected, WhatsAppTimeout, WhatsAppRefused, WhatsAppRestricted
   */
  abstract rejectCall(instanceId: string, call: IncomingCallRef): Promise<void>;

  /**
   * Sends a plain text and waits for the server to take it, at most 20 s in all. After a time-out it may still arrive.
   * @throws SessionNotConnected, WhatsAppTimeout, WhatsAppRefused, WhatsAppRestricted
   */
  abstract sendText(instanceId: string, message: TextMessage): Promise<void>;
}
