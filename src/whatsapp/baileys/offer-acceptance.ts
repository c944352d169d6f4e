import { jidDecode, jidEncode, type BinaryNode } from '@whiskeysockets/baileys';
import type { OfferAcceptance } from '../whatsapp-signals.js';
import { childrenOf } from './call-stanzas.js';
import { isHosted, isSameDevice, userOf } from './device-jid.js';

/** An account has a phone and a handful of companions; each device named costs a stanza at the hang-up. */
export const MAX_RINGING_DEVICES = 100;
/** One byte on the wire. */
const MAX_DEVICE_NUMBER = 255;
/** A figure beyond this says nothing about a ring. */
const MAX_CALLER_TIMEOUT_SECONDS = 86_400;

interface RungCallee {
  /** Bare LID. */
  readonly lid: string;
  /** Phone-number JID, if it is known. */
  readonly pn: string | undefined;
  /** Devices that are known to ring. */
  readonly devices: readonly string[];
}

/** What a success ack says. All of it may be missing: an ack without content was seen too (wa-js issue 2486). */
export function readAcceptance(ack: BinaryNode, callee: RungCallee): OfferAcceptance {
  return {
    furtherDevices: furtherDevices(ack, callee),
    callerTimeoutSeconds: callerTimeoutSeconds(ack),
  };
}

/** `<user jid><device jid/></user>`: the devices that the server rings. */
function furtherDevices(ack: BinaryNode, callee: RungCallee): string[] {
  const named = childrenOf(ack)
    .filter(({ tag }) => tag === 'user')
    .flatMap(childrenOf)
    .flatMap(({ tag, attrs }) => (tag === 'device' && attrs.jid ? [attrs.jid] : []));
  const further: string[] = [];
  for (const jid of named) {
    const device = deviceOfCallee(jid, callee);
    if (device === undefined) continue;
    if ([...callee.devices, ...further].some((known) => isSameDevice(known, device))) continue;
    if (callee.devices.length + further.length < MAX_RINGING_DEVICES) further.push(device);
  }
  return further;
}

/** The device LID; `undefined` for a device of somebody else, and for one that takes no calls. */
function deviceOfCallee(jid: string, { lid, pn }: RungCallee): string | undefined {
  const { server, user, device = 0 } = jidDecode(jid) ?? {};
  const owner = server === 'lid' ? lid : server === 's.whatsapp.net' ? pn : undefined;
  if (owner === undefined || user !== userOf(owner) || isHosted(jid)) return undefined;
  const isNumber = Number.isInteger(device) && device >= 0 && device <= MAX_DEVICE_NUMBER;
  return isNumber ? jidEncode(userOf(lid), 'lid', device || undefined) : undefined;
}

/** `options.caller_timeout` of the JSON in `<voip_settings>`. */
function callerTimeoutSeconds(ack: BinaryNode): number | null {
  const content = childrenOf(ack).find(({ tag }) => tag === 'voip_settings')?.content;
  if (typeof content !== 'string' && !(content instanceof Uint8Array)) return null;
  const text = typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
  const settings = parseObject(text) ?? parseObject(Buffer.from(text, 'base64').toString('utf8'));
  const value = objectIn(settings?.['options'])?.['caller_timeout'];
  const seconds = typeof value === 'number' || typeof value === 'string' ? Math.round(Number(value)) : 0;
  return seconds > 0 && seconds <= MAX_CALLER_TIMEOUT_SECONDS ? seconds : null;
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    return objectIn(JSON.parse(json));
  } catch {
    return undefined;
  }
}

function objectIn(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}
