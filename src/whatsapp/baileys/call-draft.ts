import { randomBytes } from 'node:crypto';
import {
  encodeSignedDeviceIdentity,
  jidNormalizedUser,
  type AuthenticationCreds,
  type BinaryNode,
  type WASocket,
} from '@whiskeysockets/baileys';
import type { Log } from '../../common/logging/log.js';
import type { Clock } from '../../common/time/clock.js';
import {
  OfferNotAcknowledged,
  OfferOutdated,
  OfferRefused,
  SessionNotConnected,
} from '../whatsapp.errors.js';
import type { OfferAcceptance } from '../whatsapp-signals.js';
import type { CallDraft, CalleeQuery, Ring } from '../whatsapp.gateway.js';
import type { AccountStanding } from './account-standing.js';
import type { BaileysConnection } from './baileys-connection.js';
import { encryptCallKey } from './call-keys.js';
import type { CallRegistry } from './call-registry.js';
import { offerStanza, readOfferAck, type OfferParts } from './call-stanzas.js';
import type { Callee, CalleeLookup } from './callee-lookup.js';
import { deviceOf, userOf } from './device-jid.js';
import { readAcceptance } from './offer-acceptance.js';
import { awaitVerdict } from './offer-verdict.js';
import { concernsAccount, refusalReason } from './refusal-reasons.js';
import type { TrustTokens } from './trust-tokens.js';

const CALL_KEY_BYTES = 32;
/** Validation failed: stale devices, sessions or token, or wrong addressing (Baileys and whatsmeow). */
const OUTDATED_CODE = 479;
const NOTHING_SAID: OfferAcceptance = { furtherDevices: [], callerTimeoutSeconds: null };

/** A call that was refused because something about the callee was out of date. */
export interface OutdatedCall {
  /** The callee's token in the refused offer, if there was one. */
  readonly trustToken: Uint8Array | undefined;
}

export interface CallTools {
  readonly lookup: CalleeLookup;
  readonly registry: CallRegistry;
  readonly standing: AccountStanding;
  readonly tokens: TrustTokens;
  readonly renew: (before: OutdatedCall) => Promise<CallDraft>;
  /** The error of whoever needs the session to be open. */
  readonly notConnected: () => SessionNotConnected;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Looks the callee up and encrypts the key; nothing that could ring leaves.
 * @param outdated the call that this one replaces: everything is asked for again, and a token goes along only if it is another
 * @throws WhatsAppRestricted; nothing is asked any more once the account must be left alone
 */
export async function draftCall(
  connection: BaileysConnection,
  query: CalleeQuery,
  tools: CallTools,
  outdated?: OutdatedCall,
): Promise<BaileysCallDraft> {
  const { socket, creds } = connection;
  const creator = ownDeviceLid(creds);
  if (!creator || !creds.account) throw new SessionNotConnected();
  const { standing, lookup, tokens, log } = tools;
  const afresh = outdated !== undefined;
  const callee = await lookup.find(socket, await reachable(socket, query, tools), afresh);
  const held = await tokens.held(socket, callee.lid);
  const trustToken = isSame(held, outdated?.trustToken) ? undefined : held;
  await requireFree(standing, trustToken);
  const keys = await encryptCallKey(socket, callee.offered, randomBytes(CALL_KEY_BYTES), log, afresh);
  const offer: OfferParts = {
    stanzaId: socket.generateMessageTag(),
    callId: newCallId(),
    to: callee.lid,
    creator,
    keys,
    deviceIdentity: encodeSignedDeviceIdentity(creds.account, true),
    trustToken,
  };
  await requireFree(standing, trustToken);
  return new BaileysCallDraft(connection, callee, offer, tools);
}

/** An offer that is ready to leave. */
export class BaileysCallDraft implements CallDraft {
  readonly number: string;
  readonly jid: string;
  readonly ring: Ring;

  constructor(
    private readonly connection: BaileysConnection,
    private readonly callee: Callee,
    private readonly offer: OfferParts,
    private readonly tools: CallTools,
  ) {
    this.number = callee.number;
    this.jid = offer.to;
    this.ring = {
      callId: offer.callId,
      creator: offer.creator,
      devices: callee.devices,
      offered: offer.keys.map(({ device }) => device),
      offerStanzaId: offer.stanzaId,
    };
  }

  async place(): Promise<OfferAcceptance> {
    const { connection, callee, tools } = this;
    if (!connection.isOpen) throw tools.notConnected();
    tools.standing.requireFree(this.holdsToken);
    const verdict = awaitVerdict(connection, this.ring.offerStanzaId, tools.clock, {
      onLateAck: (ack) => this.onLateAck(ack),
    });
    tools.registry.begin(this.ring, () => verdict.confirm());
    // Whether a failed write reached the server is not known; the missing ack then decides.
    connection.socket.sendNode(offerStanza(this.offer)).catch(() => undefined);
    // Not awaited: it must not hold up the verdict.
    void tools.tokens.issue(
      connection.socket,
      { lid: this.jid, pn: callee.pn },
      () => connection.isOpen && tools.standing.isFree(this.holdsToken),
    );
    const answer = await verdict.answer;
    if (typeof answer === 'string') {
      await tools.registry.stopBestEffort(this.ring);
      throw new OfferNotAcknowledged(answer);
    }
    if (!answer.accepted) {
      tools.registry.forget(this.ring);
      throw await this.refusal(answer.code);
    }
    const acceptance = answer.ack ? readAcceptance(answer.ack, callee) : NOTHING_SAID;
    tools.registry.learn(this.ring.callId, acceptance);
    return acceptance;
  }

  renew(): Promise<CallDraft> {
    return this.tools.renew(this.offer);
  }

  /** A refusal that comes after a device has answered is not believed. */
  private onLateAck(ack: BinaryNode): void {
    if (!readOfferAck(ack).accepted) return;
    this.tools.registry.learnLate(this.ring.callId, readAcceptance(ack, this.callee));
  }

  private get holdsToken(): boolean {
    return this.offer.trustToken !== undefined;
  }

  private refusal(code: number): Promise<Error> | Error {
    if (concernsAccount(code)) return this.tools.standing.refusal(code, this.holdsToken);
    const Refusal = code === OUTDATED_CODE ? OfferOutdated : OfferRefused;
    return new Refusal(code, refusalReason(code));
  }
}

/**
 * Whom of those that are asked for the account may reach now: only contacts with a token during a time-lock.
 * @throws WhatsAppRestricted
 */
async function reachable(
  socket: WASocket,
  query: CalleeQuery,
  { standing, tokens }: CallTools,
): Promise<CalleeQuery> {
  await standing.settled();
  if (standing.isFree(false)) return query;
  standing.requireFree(true);
  const known = await tokens.calleeWithToken(socket, query);
  standing.requireFree(known !== undefined);
  return known ?? query;
}

async function requireFree(standing: AccountStanding, trustToken: Uint8Array | undefined): Promise<void> {
  await standing.settled();
  standing.requireFree(trustToken !== undefined);
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0;
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
