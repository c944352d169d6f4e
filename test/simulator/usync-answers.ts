import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Account } from './account.js';
import type { CalleeDevice } from './callee-device.js';
import type { CompanionDevice } from './companion-device.js';
import type { Directory } from './directory.js';
import { HOSTED_DEVICE, isPossibleNumber, lidJid, parseJid, phoneJid } from './jids.js';
import { childOf, childrenOf, epochSeconds, iqError, iqResult, textOf } from './nodes.js';

const UNKNOWN_USER: BinaryNode = {
  tag: 'devices',
  attrs: {},
  content: [{ tag: 'error', attrs: { code: '404', text: 'item-not-found' } }],
};
const PROTOCOLS = ['contact', 'lid', 'devices'];

/** Answers a user synchronisation query: does the number exist, what is its LID, which devices has it. */
export function answerUsync(iq: BinaryNode, directory: Directory): BinaryNode | string {
  const usync = childOf(iq, 'usync');
  const query = usync && childOf(usync, 'query');
  const list = usync && childOf(usync, 'list');
  if (!usync || !query || !list) return 'usync without query or list';
  const protocols = childrenOf(query).map(({ tag }) => tag);
  const unknown = protocols.find((tag) => !PROTOCOLS.includes(tag));
  if (unknown !== undefined) return `usync asks for the unknown protocol ${unknown}`;
  if (protocols.length === 0) return 'usync asks for nothing';
  const { sid, index, last, mode, context } = usync.attrs;
  if (!sid || !index || !last || !mode || !context) return 'usync lacks sid, index, last, mode or context';
  const users: BinaryNode[] = [];
  for (const user of childrenOf(list)) {
    const number = numberIn(user);
    if (number !== undefined && !isPossibleNumber(number))
      return `usync asks for ${number}, which is no number`;
    const answer = answerUser(user, protocols, directory);
    if (!answer) return iqError(iq, 400, 'bad-request');
    users.push(answer);
  }
  return iqResult(iq, [
    {
      tag: 'usync',
      attrs: { sid, index, last, mode, context },
      content: [
        { tag: 'result', attrs: {}, content: protocols.map((tag) => ({ tag, attrs: {} })) },
        { tag: 'list', attrs: {}, content: users },
      ],
    },
  ]);
}

function numberIn(user: BinaryNode): string | undefined {
  return /^\+(\d+)$/.exec(textOf(childOf(user, 'contact')) ?? '')?.[1];
}

/** `undefined`: the query names neither a JID nor a number. */
function answerUser(user: BinaryNode, protocols: string[], directory: Directory): BinaryNode | undefined {
  const asked = textOf(childOf(user, 'contact'));
  const digits = numberIn(user);
  if (asked !== undefined && digits === undefined) return undefined;
  const askedJid = user.attrs.jid;
  if (digits === undefined && !parseJid(askedJid)) return undefined;
  const account = digits === undefined ? directory.findByJid(askedJid) : directory.find(digits);
  const isLidQuery = parseJid(askedJid)?.server === 'lid';
  const jid = isLidQuery ? askedJid : (account?.jid ?? askedJid ?? phoneJid(digits ?? ''));
  const content: BinaryNode[] = [];
  if (protocols.includes('contact')) {
    content.push({ tag: 'contact', attrs: { type: account ? 'in' : 'out' }, content: asked });
  }
  // asked by LID, the server does not repeat the LID
  if (protocols.includes('lid') && !isLidQuery && typeof account?.lid === 'string') {
    content.push({ tag: 'lid', attrs: { val: lidJid(account.lid) } });
  }
  if (protocols.includes('devices')) {
    const isRefused = !account && isLidQuery && directory.refusesUnknownLids;
    content.push(isRefused ? UNKNOWN_USER : devicesNode(account));
  }
  return { tag: 'user', attrs: jid === undefined ? {} : { jid }, content };
}

function devicesNode(account: Account | undefined): BinaryNode {
  const devices = [...(account?.devices.values() ?? [])].filter(isListed);
  return {
    tag: 'devices',
    attrs: {},
    content: [
      {
        tag: 'device-list',
        attrs: {},
        content: devices.map(({ id }, index) => ({ tag: 'device', attrs: deviceAttrs(id, index) })),
      },
      { tag: 'key-index-list', attrs: { ts: epochSeconds() } },
    ],
  };
}

function isListed(device: CalleeDevice | CompanionDevice): boolean {
  return device.kind === 'companion' || device.isListed;
}

/** Devices other than the primary come with a key index; Baileys drops those without. */
function deviceAttrs(id: number, index: number): Record<string, string> {
  if (id === 0) return { id: '0' };
  const attrs = { id: String(id), 'key-index': String(index + 1) };
  return id === HOSTED_DEVICE ? { ...attrs, is_hosted: 'true' } : attrs;
}
