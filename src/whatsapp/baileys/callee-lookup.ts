import { jidNormalizedUser, type WASocket } from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import {
  CalleeUnreachable,
  InvalidNumber,
  NumberNotRegistered,
  WhatsAppTimeout,
} from '../whatsapp.errors.js';
import type { CalleeQuery } from '../whatsapp.gateway.js';
import { primaryFirst } from './call-stanzas.js';
import { deviceLid, deviceOf, isHosted, userOf } from './device-jid.js';

/** The official client makes a key for the primary alone when the fan-out is larger. */
const MAX_OFFERED = 5;
/** As long as the library keeps its device lists. */
const EXISTENCE_TTL_MS = 5 * 60_000;

export interface Callee {
  /** Digits that are called. */
  readonly number: string;
  /** Bare LID. */
  readonly lid: string;
  /** Phone-number JID; unknown when a LID was given. */
  readonly pn: string | undefined;
  /** Device LIDs that can take calls, the primary first. All of them ring. */
  readonly devices: readonly string[];
  /** Those of them for which the offer gets a key. */
  readonly offered: readonly string[];
}

/** Answers who is behind a number, in the order of the official client: exists, LID, devices. */
export class CalleeLookup {
  /** Bounded by `maxSize`: one with `max` takes 38 KB for its thousand places at once, and every session has one. */
  private readonly registered = new LRUCache<string, string>({
    maxSize: 1_000,
    sizeCalculation: () => 1,
    ttl: EXISTENCE_TTL_MS,
  });

  /**
   * @param afresh what was learned minutes ago is asked again
   * @throws InvalidNumber, NumberNotRegistered, CalleeUnreachable, WhatsAppTimeout
   */
  async find(socket: WASocket, query: CalleeQuery, afresh = false): Promise<Callee> {
    if (afresh && query.kind === 'number')
      query.candidates.forEach((digits) => this.registered.delete(digits));
    const pn = query.kind === 'number' ? await this.firstRegistered(socket, query.candidates) : undefined;
    const lid = query.kind === 'lid' ? `${query.digits}@lid` : await lidOf(socket, pn ?? '');
    refuseOwn(socket, lid);
    const known = await knownDevices(socket, lid, afresh);
    // Whoever is on WhatsApp has a phone, so a LID without any device is nobody's: there is no other question about a LID.
    if (known.length === 0 && pn === undefined) throw new NumberNotRegistered();
    const devices = known.filter((jid) => !isHosted(jid)).map(deviceLid);
    if (devices.length === 0) throw new CalleeUnreachable('no device of this number can take calls');
    const callable = primaryFirst([...new Set(devices)]);
    return { number: userOf(pn ?? lid), lid, pn, devices: callable, offered: offeredOf(callable) };
  }

  /**
   * Asked before anything else: reaching out to a number without an account has been reported to restrict the caller.
   * The server may answer with another number than the one asked for; its answer is the one to call.
   */
  private async firstRegistered(socket: WASocket, candidates: readonly string[]): Promise<string> {
    for (const digits of candidates) {
      refuseOwn(socket, `${digits}@s.whatsapp.net`);
      const known = this.registered.get(digits);
      if (known) return known;
      const found = await socket.onWhatsApp(`${digits}@s.whatsapp.net`);
      if (!found) throw new WhatsAppTimeout('is the number registered');
      const jid = found.find(({ exists }) => exists)?.jid;
      if (jid) {
        const pn = jidNormalizedUser(jid);
        refuseOwn(socket, pn);
        this.registered.set(digits, pn);
        return pn;
      }
    }
    throw new NumberNotRegistered();
  }
}

/** The official client calls by LID only and gives up without one. */
async function lidOf(socket: WASocket, pn: string): Promise<string> {
  const lid = await socket.signalRepository.lidMapping.getLIDForPN(pn);
  if (!lid) throw new CalleeUnreachable('WhatsApp gives no LID for this number');
  return jidNormalizedUser(lid);
}

async function knownDevices(socket: WASocket, lid: string, afresh: boolean): Promise<string[]> {
  try {
    const known = await socket.getUSyncDevices([lid], !afresh, false);
    return known.map(({ jid }) => jid);
  } catch (cause) {
    if (isUnknownUser(cause)) return [];
    throw cause;
  }
}

/**
 * How the server answers for a LID that nobody has is not known: with no devices, or with an error of the user, which the
 * library throws with its code as `data` (7.0.0-rc14).
 */
function isUnknownUser(cause: unknown): boolean {
  return cause instanceof Error && 'data' in cause && cause.data === 404;
}

/** An account cannot call itself. @param jid bare JID of a person @throws InvalidNumber */
function refuseOwn(socket: WASocket, jid: string): void {
  const { id = '', lid = '' } = socket.user ?? {};
  if ([id, lid].map(jidNormalizedUser).includes(jid)) {
    throw new InvalidNumber('this is the number of the instance itself');
  }
}

function offeredOf(devices: readonly string[]): readonly string[] {
  const primary = devices.filter((jid) => deviceOf(jid) === 0);
  return devices.length > MAX_OFFERED && primary.length > 0 ? primary : devices;
}
