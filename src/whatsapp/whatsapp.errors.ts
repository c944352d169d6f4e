import { DomainError } from '../common/errors/domain-error.js';
import { closedUntil, type Restriction } from './whatsapp-signals.js';

export class SessionNotConnected extends DomainError {
  readonly code = 'instance_not_connected';
  readonly kind = 'unavailable';
  override readonly retryAfterSeconds?: number;
  constructor(
    /** Until the session is open again; `undefined`: waiting does not help, or nobody knows for how long. */
    secondsUntilOpen?: number,
  ) {
    super('Instance is not connected to WhatsApp');
    if (secondsUntilOpen !== undefined) this.retryAfterSeconds = secondsUntilOpen;
  }
}

/** No linked phone; the instance has to be linked first. */
export class NoCredentials extends DomainError {
  readonly code = 'no_saved_session';
  readonly kind = 'invalid';
  constructor() {
    super('Instance has no saved session — call /connect first');
  }
}

/** Credentials exist but cannot be read. They are kept as they are and never replaced silently. */
export class CredentialsCorrupt extends DomainError {
  readonly code = 'credentials_corrupt';
  readonly kind = 'failed';
  constructor(cause: unknown) {
    super(
      'The saved session cannot be read. Restore the encryption key or the database, or log the instance out',
      {
        cause,
      },
    );
  }
}

/** The socket could not be opened: network, DNS, proxy or WhatsApp itself. */
export class WhatsAppUnreachable extends DomainError {
  readonly code = 'whatsapp_unreachable';
  readonly kind = 'upstream';
  constructor(reason: string) {
    super(`WhatsApp is not reachable: ${reason}`);
  }
}

export class CodeTimeout extends DomainError {
  readonly code = 'code_timeout';
  readonly kind = 'timeout';
  constructor() {
    super('No code within 60 seconds');
  }
}

export class LinkingLimited extends DomainError {
  readonly code = 'linking_limited';
  readonly kind = 'rate_limited';
  constructor() {
    super('WhatsApp limits linking on this number. Try again later.');
  }
}

/** Sockets were opened for the instance, or asked for, over and over; see `ConnectPace`. */
export class ConnectedTooOften extends DomainError {
  readonly code = 'connected_too_often';
  readonly kind = 'rate_limited';
  constructor(override readonly retryAfterSeconds: number) {
    super('This instance was connected too often in a short time. Try again later.');
  }
}

/** The account has as many phones under way as it may, and none of them made room in time. */
export class TooManyLinkings extends DomainError {
  readonly code = 'too_many_linkings';
  readonly kind = 'rate_limited';
  constructor(
    /** Until the first of its codes expires. */
    override readonly retryAfterSeconds: number,
  ) {
    super('Too many phones of this account are being linked. Finish linking them, or try again later');
  }
}

/** All accounts together have as many phones under way as this process takes. */
export class LinkingBusy extends DomainError {
  readonly code = 'linking_busy';
  readonly kind = 'unavailable';
  constructor(
    /** Until the first of their codes expires. */
    override readonly retryAfterSeconds: number,
  ) {
    super('Too many phones are being linked at the moment. Try again later');
  }
}

/** WhatsApp closed the attempt to link with a reason of its own. */
export class LinkingRefused extends DomainError {
  readonly code = 'linking_refused';
  readonly kind = 'upstream';
  constructor(reason: string) {
    super(`WhatsApp refused to link this instance: ${reason}`);
  }
}

/** The account must prove a passkey before a device can be linked (since mid-2026, some accounts). */
export class PasskeyRequired extends DomainError {
  readonly code = 'passkey_required';
  readonly kind = 'conflict';
  constructor() {
    super('WhatsApp asks this account for a passkey, which is not supported yet');
  }
}

/** Refusal 403: the account is banned, or may not link devices. */
export class AccountRestricted extends DomainError {
  readonly code = 'account_restricted';
  readonly kind = 'upstream';
  constructor() {
    super('WhatsApp has blocked or restricted this account (403)');
  }
}

/** Refusal 405: WhatsApp Web has moved on, and no newer version of it is known. */
export class ClientVersionRejected extends DomainError {
  readonly code = 'whatsapp_version_rejected';
  readonly kind = 'upstream';
  /** @param reason see `ClientVersions.refusalText` */
  constructor(reason: string) {
    super(reason);
  }
}

/** The owner closed, deleted or linked the instance otherwise while somebody waited for this attempt. */
export class LinkingCancelled extends DomainError {
  readonly code = 'linking_cancelled';
  readonly kind = 'conflict';
  constructor() {
    super('Connecting was ended by another request on this instance');
  }
}

/** WhatsApp did not answer a question in time. */
export class WhatsAppTimeout extends DomainError {
  readonly code = 'whatsapp_timeout';
  readonly kind = 'failed';
  constructor(question: string) {
    super(`WhatsApp did not answer in time (${question})`);
  }
}

/** What was given is no phone number, or not one that can be used here. */
export class InvalidNumber extends DomainError {
  readonly code = 'invalid_number';
  readonly kind = 'invalid';
  constructor(detail: string) {
    super(`Invalid number: ${detail}`);
  }
}

export class NumberNotRegistered extends DomainError {
  readonly code = 'number_not_registered';
  readonly kind = 'invalid';
  constructor() {
    super('Number is not registered on WhatsApp');
  }
}

/** The callee exists, but no device of theirs can be called. */
export class CalleeUnreachable extends DomainError {
  readonly code = 'callee_unreachable';
  readonly kind = 'failed';
  constructor(reason: string) {
    super(`Callee cannot be called: ${reason}`);
  }
}

/** WhatsApp refused the offer; nothing rings. */
export class OfferRefused extends DomainError {
  readonly code = 'call_refused';
  readonly kind = 'failed';
  constructor(
    readonly failureCode: number,
    reason: string,
  ) {
    super(`WhatsApp refused the call: ${reason} (${failureCode})`);
  }
}

/** Refused because devices, sessions or a token of the callee are out of date (479); worth one try with fresh ones. */
export class OfferOutdated extends OfferRefused {}

/** How a connection to WhatsApp ended: by itself or by the other side, by a command of ours, or because another process holds the instance. */
export type ConnectionEnd = 'lost' | 'closed' | 'moved';

const NOT_ACKNOWLEDGED: Record<ConnectionEnd | 'silence' | 'stopped', string> = {
  silence: 'WhatsApp did not acknowledge the call within 15 seconds',
  lost: 'The connection to WhatsApp was lost before WhatsApp acknowledged the call',
  closed: 'The session was closed before WhatsApp acknowledged the call',
  moved: 'The instance moved to another process before WhatsApp acknowledged the call',
  stopped: 'Ringdrop stopped before WhatsApp acknowledged the call',
};

/** The offer left, and no verdict of the server came: nobody knows whether a phone rang. */
export class OfferNotAcknowledged extends DomainError {
  readonly code = 'call_not_acknowledged';
  readonly kind = 'failed';
  constructor(why: keyof typeof NOT_ACKNOWLEDGED) {
    super(NOT_ACKNOWLEDGED[why]);
  }
}

/** WhatsApp refused something else than an offer, with a code of its own. */
export class WhatsAppRefused extends DomainError {
  readonly code = 'whatsapp_refused';
  readonly kind = 'failed';
  constructor(
    what: string,
    readonly failureCode: number,
  ) {
    super(`WhatsApp refused ${what} (${failureCode})`);
  }
}

/**
 * WhatsApp does not let the account reach out: refusal 463 or 429, or a restriction that is already known. `until` tells
 * what is meant: the whole account until then, or, without it, only the contact in question.
 */
export class WhatsAppRestricted extends DomainError {
  readonly code = 'whatsapp_restricted';
  readonly kind = 'rate_limited';
  override readonly retryAfterSeconds?: number;
  private constructor(
    message: string,
    /** Until when the account is left alone; `null`: only this contact is meant. */
    readonly until: Date | null,
    /** Code of the refusal; `null` when the restriction was known before. */
    readonly failureCode: number | null,
    now: Date,
  ) {
    super(message);
    if (until) this.retryAfterSeconds = Math.max(1, Math.ceil((until.getTime() - now.getTime()) / 1000));
  }

  /** A refusal that concerns the account. */
  static account(reason: string, until: Date, failureCode: number, now: Date): WhatsAppRestricted {
    const message = `WhatsApp restricted this account: ${reason} (${failureCode})`;
    return new WhatsAppRestricted(message, until, failureCode, now);
  }

  /** A refusal that concerns one contact, who has not made the first step. */
  static contact(failureCode: number, now: Date): WhatsAppRestricted {
    const message = `WhatsApp refused this contact: they must call or write to this number first (${failureCode})`;
    return new WhatsAppRestricted(message, null, failureCode, now);
  }

  /** Why a contact may not be called now; `undefined`: they may. @param holdsToken as for `closedUntil` */
  static during(restriction: Restriction, holdsToken: boolean, now: Date): WhatsAppRestricted | undefined {
    const until = closedUntil(restriction, holdsToken, now);
    if (!until) return undefined;
    const isForAll = holdsToken || restriction.contactsFrom === null;
    return WhatsAppRestricted.known(until, now, isForAll ? 'anybody' : 'new contacts');
  }

  /** Nothing was sent: that the account must be left alone was known before. */
  static known(until: Date, now: Date, whom: 'anybody' | 'new contacts' = 'anybody'): WhatsAppRestricted {
    const calls = whom === 'anybody' ? 'calls' : 'calls to new contacts';
    const message = `WhatsApp restricted this account: no ${calls} until ${until.toISOString()}`;
    return new WhatsAppRestricted(message, until, null, now);
  }
}
