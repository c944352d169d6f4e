import { jidNormalizedUser, type BinaryNode } from '@whiskeysockets/baileys';
import { childrenOf, wordOf } from './call-stanzas.js';
import { userOf } from './device-jid.js';

/** Who calls, as far as the first stanza of a call tells. */
export interface IncomingCall {
  readonly callId: string;
  /** `call-creator` exactly as on the wire; an answer names and addresses it. */
  readonly creator: string;
  readonly from: string;
  /** `null`: the caller is known by a LID only. */
  readonly number: string | null;
  readonly replyTo: string;
  readonly isVideo: boolean;
  readonly isGroup: boolean;
  readonly offeredAt: Date | null;
}

/** What a `<call>` stanza says about an incoming call. */
export type IncomingNews = { readonly call: IncomingCall } & (
  | { readonly kind: 'offer' }
  /** It is over already: an offer that the server kept for us, or the notice that replaces one. */
  | { readonly kind: 'missed' }
  | { readonly kind: 'terminate'; readonly reason: string | null }
  /** A device took or declined the call. */
  | { readonly kind: 'accept' | 'reject'; readonly sender: string }
);

/** `undefined` for stanzas that say nothing about the beginning or the end of a call from a person. */
export function readIncomingNews(node: BinaryNode): IncomingNews | undefined {
  const [child] = childrenOf(node);
  const call = child && readCall(node, child);
  if (!call) return undefined;
  switch (child.tag) {
    case 'offer':
      // The server replays what came while the session was away with the attribute `offline`; it rings no more.
      return { kind: node.attrs.offline === undefined ? 'offer' : 'missed', call };
    case 'offer_notice':
      return { kind: 'missed', call };
    case 'terminate':
      return { kind: 'terminate', call, reason: wordOf(child.attrs.reason) ?? null };
    case 'accept':
    case 'reject':
      return { kind: child.tag, call, sender: node.attrs.from ?? '' };
    default:
      return undefined;
  }
}

function readCall({ attrs }: BinaryNode, child: BinaryNode): IncomingCall | undefined {
  const callId = wordOf(child.attrs['call-id']);
  const creator = child.attrs['call-creator'] ?? attrs.from;
  const from = bareJidOf(creator);
  if (!callId || !creator || !from) return undefined;
  const pn = [bareJidOf(child.attrs.caller_pn), from].find((jid) => jid?.endsWith('@s.whatsapp.net'));
  return {
    callId,
    creator,
    from,
    number: pn === undefined ? null : userOf(pn),
    replyTo: pn ?? from,
    isVideo: child.attrs.media === 'video' || childrenOf(child).some(({ tag }) => tag === 'video'),
    isGroup: child.attrs.type === 'group' || child.attrs['group-jid'] !== undefined,
    offeredAt: dateOf(attrs.t),
  };
}

/** `undefined` for anything but a person. */
function bareJidOf(jid: string | undefined): string | undefined {
  const bare = jidNormalizedUser(jid);
  return /^\d+@(lid|s\.whatsapp\.net)$/.test(bare) ? bare : undefined;
}

function dateOf(epochSeconds: string | undefined): Date | null {
  return /^\d{1,11}$/.test(epochSeconds ?? '') ? new Date(Number(epochSeconds) * 1000) : null;
}

interface RejectParts {
  readonly stanzaId: string;
  readonly callId: string;
  /** `call-creator` of the offer: the caller's device, which alone gets the answer. */
  readonly creator: string;
}

/** A trust token inside would make the server drop it; only an offer carries one. */
export function rejectStanza({ stanzaId, callId, creator }: RejectParts): BinaryNode {
  return {
    tag: 'call',
    attrs: { to: creator, id: stanzaId },
    content: [{ tag: 'reject', attrs: { 'call-id': callId, 'call-creator': creator, count: '0' } }],
  };
}
