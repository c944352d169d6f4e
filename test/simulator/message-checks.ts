import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Account, LinkedCompanion } from './account.js';
import { deviceIdentityFault } from './device-identity.js';
import type { Directory } from './directory.js';
import { parseJid, USER_SERVER } from './jids.js';
import { bytesOf, childOf, childrenOf } from './nodes.js';

/** Ack codes as WhatsApp Web knows them for messages. */
const NACK_NO_USER = 404;
const NACK_LOCKED = 463;
const NACK_INVALID = 479;

/** `reporting` carries a token with which the receiver could report the text. */
const CHILDREN = ['participants', 'device-identity', 'reporting', 'tctoken'];

export interface MessageTarget {
  readonly jid: string;
  readonly account: Account;
  readonly deviceId: number;
  readonly type: 'pkmsg' | 'msg';
  readonly ciphertext: Buffer;
}

export interface CheckedMessage {
  readonly to: string;
  readonly receiver: Account;
  readonly targets: readonly MessageTarget[];
}

/** `fault` absent: the message was in order and is refused all the same. */
export type MessageVerdict =
  | { readonly kind: 'accepted'; readonly message: CheckedMessage }
  | { readonly kind: 'refused'; readonly error: number; readonly fault?: string };

/** Judges a text from person to person; every other kind of message is refused. */
export function checkMessage(
  node: BinaryNode,
  sender: LinkedCompanion,
  directory: Directory,
): MessageVerdict {
  const { to = '', type } = node.attrs;
  const parts = parseJid(to);
  const isPerson = parts?.server === USER_SERVER || parts?.server === 'lid';
  if (!parts || !isPerson || parts.device !== 0) return refused(`it goes to ${to}, which is no bare JID`);
  if (type !== 'text') return refused(`it is of type ${type ?? 'none'}`);
  const children = childrenOf(node);
  const extra = children.find(
    ({ tag }, index) => !CHILDREN.includes(tag) || children.findIndex((one) => one.tag === tag) !== index,
  );
  if (extra) return refused(`it has an unexpected ${extra.tag}`);
  const receiver = directory.findByJid(to);
  if (!receiver) return { kind: 'refused', error: NACK_NO_USER };

  const targets = readTargets(node, parts.server, [receiver, sender.account]);
  if (typeof targets === 'string') return refused(targets);
  if (!targets.some(({ account }) => account === receiver))
    return refused('no device of the receiver is named');
  const ownJid = senderJid(sender, parts.server);
  if (targets.some(({ jid }) => jid === ownJid)) return refused('it is encrypted for the sending device');
  const identity = bytesOf(childOf(node, 'device-identity'));
  if (!identity && targets.some((target) => target.type === 'pkmsg')) {
    return refused('it has a pkmsg and no device-identity');
  }
  const identityFault = identity && deviceIdentityFault(identity, sender);
  if (identityFault !== undefined) return refused(identityFault);
  const token = bytesOf(childOf(node, 'tctoken'));
  if (token && !receiver.trustTokens.get(sender.account.number)?.equals(token)) {
    return refused('tctoken is not the token that the receiver issued');
  }
  if (!token && sender.account.isReachoutLocked) return { kind: 'refused', error: NACK_LOCKED };
  return { kind: 'accepted', message: { to, receiver, targets } };
}

function senderJid({ account, device }: LinkedCompanion, server: string): string {
  return server === 'lid' ? account.deviceLid(device.id) : `${account.number}:${device.id}@${USER_SERVER}`;
}

/** Devices of both sides, all in the form in which the receiver is addressed. */
function readTargets(
  node: BinaryNode,
  server: string,
  accounts: readonly Account[],
): MessageTarget[] | string {
  const participants = childOf(node, 'participants');
  const targets: MessageTarget[] = [];
  for (const participant of participants ? childrenOf(participants) : []) {
    const target = readTarget(participant, server, accounts);
    if (typeof target === 'string') return target;
    if (targets.some(({ jid }) => jid === target.jid)) return `device ${target.jid} is named twice`;
    targets.push(target);
  }
  return targets;
}

function readTarget(node: BinaryNode, server: string, accounts: readonly Account[]): MessageTarget | string {
  const jid = node.attrs.jid ?? '';
  const parts = parseJid(jid);
  if (node.tag !== 'to' || !parts) return 'participants holds something else than to elements';
  if (parts.server !== server) return `device ${jid} is addressed in another form than the receiver`;
  const account = accounts.find(({ number, lid }) => parts.user === (server === 'lid' ? lid : number));
  if (!account?.devices.has(parts.device)) return `${jid} is no device of either side`;
  const [enc, extra] = childrenOf(node);
  const ciphertext = bytesOf(enc);
  if (enc?.tag !== 'enc' || extra || !ciphertext?.length) {
    return `device ${jid} has not exactly one enc with content`;
  }
  const { v, type } = enc.attrs;
  if (v !== '2') return `the enc of ${jid} lacks v=2`;
  if (type !== 'pkmsg' && type !== 'msg') return `the enc of ${jid} is of type ${type ?? 'none'}`;
  return { jid, account, deviceId: parts.device, type, ciphertext };
}

function refused(fault: string): MessageVerdict {
  return { kind: 'refused', error: NACK_INVALID, fault };
}
