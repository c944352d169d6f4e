import { randomBytes } from 'node:crypto';
import {
  encodeSignedDeviceIdentity,
  jidNormalizedUser,
  type AuthenticationCreds,
} from '@whiskeysockets/baileys';
import type { Log } from '../../common/logging/log.js';
import type { Clock } from '../../common/time/clock.js';
import {
  OfferNotAcknowledged,
  OfferRefused,
  SessionNotConnected,
  WhatsAppRestricted,
} from '../whatsapp.errors.js';
import type { CallDraft, CalleeQuery, Ring } from '../whatsapp.gateway.js';
import type { BaileysConnection } from './baileys-connection.js';
import { encryptCallKey } from './call-keys.js';
import type { CallRegistry } from './call-registry.js';
import { offerStanza, type OfferParts } from './call-stanzas.js';
import type { CalleeLookup } from './callee-lookup.js';
import { deviceOf, userOf } from './device-jid.js';
import { awaitVerdict } from './offer-verdict.js';
import { isAccountRestriction, refusalReason } from './refusal-reasons.js';
import { heldTrustToken, issueTrustToken } from './trust-token.js';

const CALL_KEY_BYTES = 32;
/** The answer to the caller does not wait longer for the end of a restriction. */
const RESTRICTION_QUERY_MS = 3_000;

export interface CallTools {
  readonly lookup: CalleeLookup;
  readonly registry: CallRegistry;
  readonly clock: Clock;
  readonly log: Log;
}

/** Looks the callee up and encrypts the key; nothing that could ring leaves. */
export async function draftCall(
  connection: BaileysConnection,
  query: CalleeQuery,
  tools: CallTools,
): Promise<BaileysCallDraft> {
  const { socket, creds } = connection;
  const creator = ownDeviceLid(creds);
  if (!creator || !creds.account) throw new SessionNotConnected();
  const callee = await tools.lookup.find(socket, query);
  const keys = await encryptCallKey(socket, callee.devices, randomBytes(CALL_KEY_BYTES), tools.log);
  const offer: OfferParts = {
    stanzaId: socket.generateMessageTag(),
    callId: newCallId(),
    to: callee.lid,
    creator,
    keys,
    deviceIdentity: encodeSignedDeviceIdentity(creds.account, true),
    trustToken: await heldTrustToken(socket, callee.lid, tools.clock.now()),
  };
  return new BaileysCallDraft(connection, callee.number, callee.pn, offer, tools);
}

/** An offer that is ready to leave. */
export class BaileysCallDraft implements CallDraft {
  readonly jid: string;
  readonly ring: Ring;

  constructor(
    private readonly connection: BaileysConnection,
    readonly number: string,
    private readonly pn: string | undefined,
    private readonly offer: OfferParts,
    private readonly tools: CallTools,
  ) {
    this.jid = offer.to;
    this.ring = {
      callId: offer.callId,
      creator: offer.creator,
      devices: offer.keys.map(({ device }) => device),
      offerStanzaId: offer.stanzaId,
    };
  }

  async place(): Promise<void> {
    const { connection, tools } = this;
    if (!connection.isOpen) throw new SessionNotConnected();
    const verdict = awaitVerdict(connection, this.ring.offerStanzaId, tools.clock);
    tools.registry.begin(this.ring, () => verdict.confirm());
    // Whether a failed write reached the server is not known; the missing ack then decides.
    connection.socket.sendNode(offerStanza(this.offer)).catch(() => undefined);
    this.issueOwnToken();
    const answer = await verdict.answer;
    if (answer === 'silence') {
      await tools.registry.stopBestEffort(this.ring);
      throw new OfferNotAcknowledged();
    }
    if (!answer.accepted) {
      tools.registry.forget(this.ring);
      throw await this.refusal(answer.code);
    }
  }

  private issueOwnToken(): void {
    issueTrustToken(this.connection.socket, { lid: this.jid, pn: this.pn }, this.tools.clock.now()).catch(
      (cause: unknown) => this.tools.log.debug('A trust token could not be issued', { err: cause }),
    );
  }

  private async refusal(code: number): Promise<OfferRefused | WhatsAppRestricted> {
    if (!isAccountRestriction(code)) return new OfferRefused(code, refusalReason(code));
    const until = code === 463 ? await this.restrictedUntil() : null;
    return new WhatsAppRestricted(`${refusalReason(code)} (${code})`, until, code, this.tools.clock.now());
  }

  /** Asks once; the library also tells the answer as an event, which marks the account. */
  private async restrictedUntil(): Promise<Date | null> {
    const answer = this.connection.socket
      .fetchAccountReachoutTimelock()
      .then((lock) => (lock.isActive ? (lock.timeEnforcementEnds ?? null) : null))
      .catch(() => null);
    return Promise.race([answer, this.tools.clock.sleep(RESTRICTION_QUERY_MS).then(() => null)]);
  }
}

/** `00` and 30 upper-case hex digits: 16 random bytes, the first replaced, as WhatsApp Web makes them. */
function newCallId(): string {
  return `00${randomBytes(15).toString('hex').toUpperCase()}`;
}

/** `call-creator` is our own LID with our device id; the login gives the LID, sometimes without the device. */
function ownDeviceLid(creds: AuthenticationCreds): string | undefined {
  const { id, lid } = creds.me ?? {};
  if (!id || !lid) return undefined;
  if (deviceOf(lid) !== 0) return lid;
  const device = deviceOf(id);
  return device === 0 ? jidNormalizedUser(lid) : `${userOf(lid)}:${device}@lid`;
}
