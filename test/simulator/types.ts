import type { BinaryNode } from '@whiskeysockets/baileys';

/**
 * What the callee's device does with an offer. `afterMs` counts from the moment the offer reached the server.
 * - silent: switched off, no answer at all
 * - receipt: the device got the offer and does not ring
 * - rings: receipt at once, then preaccept
 * - rejects: receipt, preaccept when `ringsFirst`, then reject
 * - accepts: receipt, preaccept, then accept
 * - hangs-up: receipt, preaccept, then a terminate sent by the callee
 */
export type CalleeBehaviour =
  | { readonly kind: 'silent' }
  | { readonly kind: 'receipt'; readonly afterMs?: number }
  | { readonly kind: 'rings'; readonly afterMs?: number }
  | {
      readonly kind: 'rejects';
      readonly reason?: string;
      readonly afterMs?: number;
      readonly ringsFirst?: boolean;
    }
  | { readonly kind: 'accepts'; readonly afterMs?: number }
  | { readonly kind: 'hangs-up'; readonly afterMs: number; readonly reason?: string };

/**
 * How the server answers an offer. Only `ok`, `ok-empty` and `delayMs` let the callee's devices see it; `delayMs` rings them
 * at once and acknowledges late, so that their receipts overtake the ack.
 */
export type OfferAck =
  | 'ok'
  | 'ok-empty'
  | 'silent'
  | 'close'
  | { readonly errorAttribute: number }
  | { readonly errorChild: number }
  | { readonly delayMs: number };

export interface ContactOptions {
  /** E.164 digits without `+`. */
  readonly number: string;
  /** LID user part. `null`: usync knows no LID. Omitted: derived from the number, always the same. */
  readonly lid?: string | null;
  /** Device ids; `[]` has no device at all, 99 is a hosted (Business API) device. Default `[0]`. */
  readonly devices?: readonly number[];
  /** Those of the devices that usync leaves out; the server rings them all the same and names them in its ack. */
  readonly hiddenDevices?: readonly number[];
  /** Devices for which the key answer carries `<error/>`. */
  readonly brokenBundles?: readonly number[];
  /** Devices that the key answer leaves out. */
  readonly silentBundles?: readonly number[];
  /** Devices whose signed pre-key carries a signature that does not verify. */
  readonly badSignatureBundles?: readonly number[];
  /** Default: rings. A record is keyed by device id. */
  readonly behaviour?: CalleeBehaviour | Readonly<Record<number, CalleeBehaviour>>;
  readonly ack?: OfferAck;
  /** Default true: each device holds real Signal keys and decrypts. */
  readonly decrypts?: boolean;
  /** Refuses every offer with 463 that does not carry the token which the contact issued to the caller. */
  readonly refusesStrangers?: boolean;
  /** Other numbers for which usync answers with this contact. */
  readonly aliases?: readonly string[];
}

export interface PhoneOptions {
  readonly number: string;
  readonly lid?: string;
  /** Push name of the account. */
  readonly name?: string;
  /**
   * The account must prove a passkey before a device is linked. `early`: when linking by code, the server asks before
   * the phone has given its key, and announces it with a notification that lacks the key.
   */
  readonly asksForPasskey?: boolean | 'early';
}

export interface LinkedDevice {
  /** `number:device@s.whatsapp.net` */
  readonly jid: string;
  /** `lid:device@lid` */
  readonly lid: string;
}

export type DisconnectFault =
  | { readonly kind: 'stream-error'; readonly code: number }
  | { readonly kind: 'replaced' }
  | { readonly kind: 'device-removed' }
  | { readonly kind: 'close' }
  | { readonly kind: 'garbage' };

/** `silence`: neither success nor failure. */
export type LoginRefusal = { readonly reason: number } | 'drop' | 'silence';

/**
 * `connect`: a `<failure>`, the request for a passkey or nothing at all instead of QR refs. `code`: an error as the
 * answer to the request for a pairing code.
 */
export type LinkingRefusal =
  | { readonly at: 'connect'; readonly code: number | 'passkey' | 'silence' }
  | { readonly at: 'code'; readonly code: number };

export interface SessionView {
  readonly jid: string;
  readonly lid: string;
  readonly number: string;
  /** Epoch milliseconds. */
  readonly openedAt: number;
}

/** One WebSocket of a client. Times are epoch milliseconds. */
export interface ConnectionRecord {
  /** Grows with each connection. */
  readonly id: number;
  /** What followed `?` in the URL that the client asked for: a test can tell its clients apart. */
  readonly query: string;
  readonly openedAt: number;
  /** Number of the account that logged in here. */
  account?: string;
  loggedInAt?: number;
  /** The same device logged in on another connection. */
  replacedAt?: number;
  closedAt?: number;
}

export interface StanzaRecord {
  /** Epoch milliseconds. */
  readonly at: number;
  /** Seen from the server. */
  readonly direction: 'in' | 'out';
  readonly account: string | undefined;
  /** Id of the connection. */
  readonly connection: number;
  readonly node: BinaryNode;
}

export interface CallDeviceRecord {
  /** LID device JID. */
  readonly jid: string;
  /** `undefined`: the offer had no key for this device; it rings all the same. */
  readonly encType: string | undefined;
  readonly receivedAt: number;
  /** The 32 bytes that the device decrypted. */
  callKey?: Buffer;
  ringingSince?: number;
  ringStoppedAt?: number;
  /** Reason of the terminate that reached this device; `''` when it gave none. */
  terminateReason?: string;
  terminateStanzaIds: string[];
  /** Reason of this device's own reject; `''` when it gave none. */
  rejectReason?: string;
  acceptedAt?: number;
  /** When this device ended the call by a terminate of its own. */
  hungUpAt?: number;
}

export interface CallRecord {
  readonly callId: string;
  /** Id of the `<call>` stanza that carried the offer. */
  readonly stanzaId: string;
  /** LID device JID of the caller. */
  readonly creator: string;
  readonly callerNumber: string;
  readonly calleeNumber: string;
  readonly calleeLid: string;
  /** Epoch milliseconds. */
  readonly offeredAt: number;
  /** True once a success ack was sent. */
  acked: boolean;
  /** Error code of the ack, when the offer was refused. */
  ackError?: number;
  /** Every device of the callee that takes calls: those that the offer named, then the others. */
  readonly devices: CallDeviceRecord[];
}

/** An incoming call for a linked account. The key inside is random bytes: linked Web sessions never open it. */
export interface IncomingCall {
  /** Number of a contact that has a LID. */
  readonly from: string;
  /** `offer_notice`: what a device gets instead of an offer that it missed. */
  readonly kind: 'offer' | 'offer_notice' | 'terminate';
  readonly callId?: string;
  readonly reason?: string;
  readonly isVideo?: boolean;
  readonly isGroup?: boolean;
  /** Kept by the server while the account was away, and replayed. */
  readonly isOffline?: boolean;
  /** The server does not tell the caller's number. */
  readonly hidesNumber?: boolean;
  /** Device of the caller; default the primary, 0. */
  readonly device?: number;
}

/** A text that a linked account wrote, as a device of the receiver decrypted it. */
export interface MessageRecord {
  /** LID device JID of the sender. */
  readonly from: string;
  /** As the sender addressed it: bare phone-number JID or LID. */
  readonly to: string;
  readonly text: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** A trusted-contact token that a companion issued to somebody. */
export interface IssuedToken {
  /** Device id of the companion. */
  readonly device: number;
  /** Number of who got it. */
  readonly to: string;
  /** Epoch seconds, as the companion dated it. */
  readonly t: number;
}

/**
 * How a notice of the reach-out time-lock looks: with everything, without the end, or as an empty object, which says
 * nothing about the lock.
 */
export type ReachoutNotice = 'complete' | 'without-end' | 'empty';

export interface SimulatorOptions {
  /** TCP port on 127.0.0.1; 0 (default) picks a free one. */
  readonly port?: number;
  /** False: stanzas are not kept (benchmarks). Calls and violations always are, bounded. */
  readonly record?: boolean;
  /** How long a connection that was told to go is left to the client, milliseconds. Default 1,000. */
  readonly lingerMs?: number;
  /** `options.caller_timeout` in the settings that come with a success ack, seconds. Default 90. */
  readonly callerTimeoutSeconds?: number;
  /**
   * How long a caller may take to stop every device, from his first terminate or an accept on, milliseconds. Default 3,000.
   */
  readonly stopGraceMs?: number;
}

export interface SimulatorEvents {
  /** An offer arrived and passed the structure checks. */
  call: [call: CallRecord];
  /** Anything about a call changed: ack, receipt, ringing, end. */
  'call-changed': [call: CallRecord];
  terminate: [call: CallRecord, device: CallDeviceRecord];
  message: [message: MessageRecord];
  login: [session: SessionView];
  logout: [session: SessionView];
  stanza: [stanza: StanzaRecord];
  violation: [text: string];
}

export interface WaitOptions {
  /** Milliseconds until the wait is rejected. Default 5,000. */
  readonly timeoutMs?: number;
}
