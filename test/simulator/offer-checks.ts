import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Account, LinkedCompanion } from './account.js';
import { deviceIdentityFault } from './device-identity.js';
import type { Directory } from './directory.js';
import { HOSTED_DEVICE, parseJid } from './jids.js';
import { bytesOf, childOf, childrenOf } from './nodes.js';

/** Ack codes as WhatsApp Web and Android know them. */
const ACK_NOT_FOUND = 404;
export const ACK_DUPLICATE = 304;
const ACK_BAD_STRUCTURE = 439;
const ACK_BAD_ADDRESSING = 479;
const ACK_TOO_MANY = 429;
const ACK_LOCKED = 463;

const CALL_ID = /^00[0-9a-f]{30}$/i;

export interface OfferTarget {
  /** LID device JID. */
  readonly jid: string;
  readonly deviceId: number;
  readonly enc: BinaryNode;
  readonly type: 'pkmsg' | 'msg';
  readonly ciphertext: Buffer;
}

export interface CheckedOffer {
  readonly callId: string;
  readonly creator: string;
  readonly callee: Account;
  readonly calleeLid: string;
  readonly targets: readonly OfferTarget[];
}

/** `fault` absent: the offer was in order and is refused all the same, as for a callee who left. */
export type OfferVerdict =
  | { readonly kind: 'accepted'; readonly offer: CheckedOffer }
  | { readonly kind: 'refused'; readonly error: number; readonly fault?: string }
  | { readonly kind: 'dropped'; readonly fault: string };

/** The client could not know better: what it names was right once. */
const OUTDATED: OfferVerdict = { kind: 'refused', error: ACK_BAD_ADDRESSING };

interface ChildRule {
  readonly tag: string;
  readonly isOptional?: boolean;
  readonly accepts: (child: BinaryNode) => boolean;
}

/** The order that WhatsApp's own engine writes in 2026; the server answers 439 to any other. */
const CHILD_RULES: readonly ChildRule[] = [
  { tag: 'privacy', isOptional: true, accepts: (child) => (bytesOf(child)?.length ?? 0) > 0 },
  { tag: 'audio', accepts: ({ attrs }) => attrs.enc === 'opus' && attrs.rate === '8000' },
  { tag: 'audio', accepts: ({ attrs }) => attrs.enc === 'opus' && attrs.rate === '16000' },
  { tag: 'net', accepts: ({ attrs }) => attrs.medium === '3' },
  { tag: 'capability', accepts: (child) => child.attrs.ver === '1' && isCapability(bytesOf(child)) },
  { tag: 'destination', accepts: (child) => childrenOf(child).length > 0 },
  { tag: 'encopt', accepts: ({ attrs }) => attrs.keygen === '2' },
  { tag: 'device-identity', isOptional: true, accepts: (child) => bytesOf(child) !== undefined },
];

/** Judges an offer as the real server does, and a little more strictly where the real one is known to be merely lucky. */
export function checkOffer(
  to: string | undefined,
  offer: BinaryNode,
  sender: LinkedCompanion,
  directory: Directory,
): OfferVerdict {
  const identity = childOf(offer, 'device-identity');
  if (!identity && hasPreKeyMessage(offer)) return dropped('the offer has a pkmsg and no device-identity');
  const structureFault = childrenFault(childrenOf(offer));
  if (structureFault !== undefined) return refused(ACK_BAD_STRUCTURE, structureFault);
  const identityBytes = bytesOf(identity);
  const identityFault = identityBytes && deviceIdentityFault(identityBytes, sender);
  if (identityFault !== undefined) return dropped(identityFault);

  const callId = offer.attrs['call-id'] ?? '';
  if (!CALL_ID.test(callId))
    return refused(ACK_BAD_STRUCTURE, `call-id ${callId} is not 00 and 30 hex digits`);
  const creator = offer.attrs['call-creator'];
  if (creator !== sender.account.deviceLid(sender.device.id)) {
    return refused(ACK_BAD_ADDRESSING, `call-creator ${creator ?? ''} is not the sender's LID device`);
  }
  const toParts = parseJid(to);
  if (toParts?.server !== 'lid' || toParts.device !== 0) {
    return refused(ACK_BAD_ADDRESSING, `the offer goes to ${to ?? ''}, not to a bare LID`);
  }
  const callee = directory.findByJid(to);
  if (!callee || to === undefined) return { kind: 'refused', error: ACK_NOT_FOUND };
  if (callee === sender.account) return refused(ACK_NOT_FOUND, 'the account calls itself');
  const token = bytesOf(childOf(offer, 'privacy'));
  if (token && !callee.trustTokens.get(sender.account.number)?.equals(token)) {
    if (callee.replacedTokens.some((one) => one.equals(token))) return OUTDATED;
    return refused(ACK_BAD_ADDRESSING, 'privacy is not the token that the callee issued');
  }
  const targets = readTargets(offer, callee);
  if (targets === 'outdated') return OUTDATED;
  if (typeof targets === 'string') return refused(ACK_BAD_ADDRESSING, targets);
  if ((sender.account.callsLimitedUntil ?? 0) > Date.now()) return { kind: 'refused', error: ACK_TOO_MANY };
  const { isReachoutLocked, reachoutLockSparesContacts } = sender.account;
  const isLocked = isReachoutLocked && !(token && reachoutLockSparesContacts);
  if (isLocked || (!token && callee.refusesStrangers)) return { kind: 'refused', error: ACK_LOCKED };
  return { kind: 'accepted', offer: { callId, creator, callee, calleeLid: to, targets } };
}

function childrenFault(children: readonly BinaryNode[]): string | undefined {
  let position = 0;
  for (const rule of CHILD_RULES) {
    const child = children[position];
    if (child?.tag !== rule.tag) {
      if (rule.isOptional) continue;
      return `the offer has ${child?.tag ?? 'nothing'} where ${rule.tag} belongs`;
    }
    if (!rule.accepts(child)) return `the offer's ${rule.tag} has wrong attributes or content`;
    position++;
  }
  const extra = children[position];
  return extra ? `the offer has an unexpected ${extra.tag}` : undefined;
}

/** Version 1, the number of bytes, the bit mask. */
function isCapability(bytes: Buffer | undefined): boolean {
  return bytes !== undefined && bytes[0] === 1 && bytes.length > 2 && bytes[1] === bytes.length - 2;
}

function hasPreKeyMessage(offer: BinaryNode): boolean {
  const destination = childOf(offer, 'destination');
  const targets = destination ? childrenOf(destination) : [];
  return [...targets, offer].some((target) => childOf(target, 'enc')?.attrs.type === 'pkmsg');
}

function readTargets(offer: BinaryNode, callee: Account): OfferTarget[] | string {
  const destination = childOf(offer, 'destination');
  const targets: OfferTarget[] = [];
  for (const node of destination ? childrenOf(destination) : []) {
    const target = readTarget(node, callee);
    if (typeof target === 'string') return target;
    if (targets.some(({ jid }) => jid === target.jid)) return `device ${target.jid} is named twice`;
    targets.push(target);
  }
  return targets;
}

function readTarget(node: BinaryNode, callee: Account): OfferTarget | string {
  const jid = node.attrs.jid ?? '';
  const parts = parseJid(jid);
  if (node.tag !== 'to' || !parts) return 'destination holds something else than to elements';
  if (parts.device === HOSTED_DEVICE || parts.server.startsWith('hosted'))
    return `hosted device ${jid} is addressed`;
  if (parts.server !== 'lid') return `device ${jid} is not in LID form`;
  if (parts.user !== callee.lid || !callee.devices.has(parts.device)) {
    const wasOne = parts.user === callee.lid && callee.formerDevices.has(parts.device);
    return wasOne ? 'outdated' : `${jid} is no device of the callee`;
  }
  const [enc, extra] = childrenOf(node);
  const ciphertext = bytesOf(enc);
  if (enc?.tag !== 'enc' || extra || !ciphertext?.length)
    return `device ${jid} has not exactly one enc with content`;
  const { v, type, count } = enc.attrs;
  if (v !== '2' || count === undefined || !/^\d+$/.test(count)) return `the enc of ${jid} lacks v=2 or count`;
  if (type !== 'pkmsg' && type !== 'msg') return `the enc of ${jid} is of type ${type ?? 'none'}`;
  return { jid, deviceId: parts.device, enc, type, ciphertext };
}

function refused(error: number, fault: string): OfferVerdict {
  return { kind: 'refused', error, fault };
}

function dropped(fault: string): OfferVerdict {
  return { kind: 'dropped', fault };
}
