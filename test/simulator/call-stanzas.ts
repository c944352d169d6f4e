import { randomBytes } from 'node:crypto';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { OfferTarget } from './offer-checks.js';
import { childrenOf, epochSeconds } from './nodes.js';
import type { CallRecord } from './types.js';

/** The server's acknowledgement of a client's `<call>`; `from` is whom the call stanza was addressed to. */
export function callAck(
  call: BinaryNode,
  type: string,
  attrs: Record<string, string> = {},
  content?: BinaryNode[],
): BinaryNode {
  const { id = '', to } = call.attrs;
  const from: Record<string, string> = to === undefined ? {} : { from: to };
  return { tag: 'ack', attrs: { class: 'call', type, id, ...from, ...attrs }, content };
}

/** What comes with a success: a relay for the media, the devices that the server rings, and settings of the VoIP engine. */
export function successContent(
  { callId, creator, calleeLid, devices }: CallRecord,
  callerTimeoutSeconds: number,
): BinaryNode[] {
  const settings = JSON.stringify({ options: { caller_timeout: callerTimeoutSeconds } });
  return [
    {
      tag: 'relay',
      attrs: {
        uuid: randomBytes(12).toString('base64url'),
        self_pid: '1',
        peer_pid: '3',
        'call-id': callId,
        'call-creator': creator,
      },
      content: [
        { tag: 'participant', attrs: { pid: '1', jid: creator } },
        { tag: 'participant', attrs: { pid: '3', jid: calleeLid } },
        { tag: 'key', attrs: {}, content: randomBytes(16) },
        { tag: 'hbh_key', attrs: {}, content: randomBytes(30) },
        { tag: 'token', attrs: { id: '0' }, content: randomBytes(64) },
        {
          tag: 'te2',
          attrs: { relay_id: '0', token_id: '0' },
          content: Buffer.from([127, 0, 0, 1, 13, 152]),
        },
      ],
    },
    {
      tag: 'user',
      attrs: { jid: calleeLid },
      content: devices.map(({ jid }) => ({ tag: 'device', attrs: { jid } })),
    },
    { tag: 'rte', attrs: {}, content: randomBytes(6) },
    { tag: 'uploadfieldstat', attrs: {} },
    { tag: 'voip_settings', attrs: { uncompressed: '1' }, content: Buffer.from(settings, 'utf8') },
  ];
}

/** What one device of the callee gets: its own key, if there is one, instead of the destination list, and the caller's number. */
export function deliveredOffer(
  offer: BinaryNode,
  target: OfferTarget | undefined,
  callerPhoneJid: string,
): BinaryNode {
  const content = childrenOf(offer).flatMap((child) => {
    if (child.tag === 'destination') return target ? [target.enc] : [];
    if (child.tag === 'device-identity' && target?.type !== 'pkmsg') return [];
    return [child];
  });
  return { tag: 'offer', attrs: { ...offer.attrs, caller_pn: callerPhoneJid }, content };
}

/** A `<call>` as the server passes it on. */
export function callFrom(
  jid: string,
  id: string,
  child: BinaryNode,
  attrs: Record<string, string> = {},
): BinaryNode {
  return { tag: 'call', attrs: { from: jid, id, t: epochSeconds(), e: '0', ...attrs }, content: [child] };
}

/** "This device got the offer": carries the stanza id of the offer, unlike all that follows. */
export function offerReceipt({ callId, stanzaId, creator }: CallRecord, deviceJid: string): BinaryNode {
  return {
    tag: 'receipt',
    attrs: { from: deviceJid, id: stanzaId, t: epochSeconds() },
    content: [{ tag: 'offer', attrs: { 'call-id': callId, 'call-creator': creator } }],
  };
}

/** A signal of the callee's device about a call, under a stanza id of its own. */
export function calleeSignal(
  { callId, creator }: CallRecord,
  deviceJid: string,
  tag: 'preaccept' | 'accept' | 'reject' | 'terminate',
  attrs: Record<string, string> = {},
): BinaryNode {
  const child = { tag, attrs: { 'call-id': callId, 'call-creator': creator, ...attrs } };
  return callFrom(deviceJid, freshStanzaId(), child);
}

export function freshStanzaId(): string {
  return randomBytes(16).toString('hex').toUpperCase();
}
