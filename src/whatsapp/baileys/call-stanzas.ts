import type { BinaryNode } from '@whiskeysockets/baileys';
import { deviceOf } from './device-jid.js';

/**
 * Audio capability of an offer: version 1, length 5, five bytes of bit mask, least significant bit first. The value
 * that independent clients captured from the official one in 2026; it decides codecs, not whether a phone rings.
 */
const AUDIO_CAPABILITY = Buffer.from('0105f709e0bb13', 'hex');

export interface EncryptedKey {
  /** Device LID. */
  readonly device: string;
  /** `pkmsg` opens a Signal session, `msg` continues one. */
  readonly type: 'pkmsg' | 'msg';
  readonly ciphertext: Uint8Array;
}

export interface OfferParts {
  readonly stanzaId: string;
  readonly callId: string;
  /** Bare LID of the callee. */
  readonly to: string;
  /** Own LID with device id. */
  readonly creator: string;
  readonly keys: readonly EncryptedKey[];
  /** ADV signed device identity with the account signature key. */
  readonly deviceIdentity: Uint8Array;
  /** Token that the callee once gave us; marks us as known. */
  readonly trustToken: Uint8Array | undefined;
}

/** The server checks the order of the children and answers 439 to any other. */
export function offerStanza(parts: OfferParts): BinaryNode {
  return {
    tag: 'call',
    attrs: { to: parts.to, id: parts.stanzaId },
    content: [
      {
        tag: 'offer',
        attrs: { 'call-id': parts.callId, 'call-creator': parts.creator },
        content: [
          ...(parts.trustToken ? [{ tag: 'privacy', attrs: {}, content: parts.trustToken }] : []),
          { tag: 'audio', attrs: { enc: 'opus', rate: '8000' } },
          { tag: 'audio', attrs: { enc: 'opus', rate: '16000' } },
          { tag: 'net', attrs: { medium: '3' } },
          { tag: 'capability', attrs: { ver: '1' }, content: AUDIO_CAPABILITY },
          { tag: 'destination', attrs: {}, content: parts.keys.map(destination) },
          { tag: 'encopt', attrs: { keygen: '2' } },
          { tag: 'device-identity', attrs: {}, content: parts.deviceIdentity },
        ],
      },
    ],
  };
}

function destination({ device, type, ciphertext }: EncryptedKey): BinaryNode {
  const enc = { tag: 'enc', attrs: { v: '2', type, count: '0' }, content: ciphertext };
  return { tag: 'to', attrs: { jid: device }, content: [enc] };
}

/** `*_elsewhere` stops a device without a missed call; without a reason the call is listed as missed. */
export const ELSEWHERE = ['accepted_elsewhere', 'rejected_elsewhere'] as const;
export type TerminateReason = (typeof ELSEWHERE)[number];

export interface TerminateParts {
  readonly stanzaId: string;
  readonly callId: string;
  readonly creator: string;
  /** The one device to stop; the server does not fan a terminate out. */
  readonly device: string;
  readonly reason?: TerminateReason | undefined;
}

export function terminateStanza(parts: TerminateParts): BinaryNode {
  const { stanzaId, callId, creator, device, reason } = parts;
  return {
    tag: 'call',
    attrs: { to: device, id: stanzaId },
    content: [
      { tag: 'terminate', attrs: { 'call-id': callId, 'call-creator': creator, ...(reason && { reason }) } },
    ],
  };
}

/** The server's verdict on an offer; without an ack a device of the callee answered before the server did. */
export type OfferVerdict =
  | { readonly accepted: true; readonly ack?: BinaryNode }
  | { readonly accepted: false; readonly code: number };

/** A refusal stands in the attribute `error`, or in an `<error code>` child. */
export function readOfferAck(ack: BinaryNode): OfferVerdict {
  const code = ack.attrs.error ?? childrenOf(ack).find(({ tag }) => tag === 'error')?.attrs.code;
  return code === undefined ? { accepted: true, ack } : { accepted: false, code: Number(code) || 0 };
}

/** What a device of the callee says about a call. */
export type CalleeNews = { readonly callId: string; readonly device: string } & (
  | { readonly kind: 'preaccept' | 'accept' }
  | { readonly kind: 'reject' | 'terminate'; readonly reason: string | null }
);

/** `undefined` for stanzas that say nothing about ringing (`relaylatency`, `transport`, …). */
export function readCalleeNews(call: BinaryNode): CalleeNews | undefined {
  const child = childrenOf(call)[0];
  const callId = child?.attrs['call-id'];
  const device = call.attrs.from;
  if (!child || !callId || !device) return undefined;
  switch (child.tag) {
    case 'preaccept':
    case 'accept':
      return { kind: child.tag, callId, device };
    case 'reject':
    case 'terminate':
      return { kind: child.tag, callId, device, reason: wordOf(child.attrs.reason) ?? null };
    default:
      return undefined;
  }
}

/** A word of the protocol, such as a reason or an id. The other side can write anything there, also what no database takes. */
export function wordOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[\w.:-]{1,128}$/.test(text) ? text : undefined;
}

export function childrenOf(node: BinaryNode): BinaryNode[] {
  return Array.isArray(node.content) ? node.content : [];
}

/** The primary goes first wherever devices are told one after another. */
export function primaryFirst(devices: readonly string[]): string[] {
  return [...devices].sort((a, b) => deviceOf(a) - deviceOf(b));
}
