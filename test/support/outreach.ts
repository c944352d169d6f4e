import type { BinaryNode } from '@whiskeysockets/baileys';
import type { StanzaRecord, WhatsAppSimulator } from '../simulator/index.js';

/** Offers of an account, in order. */
export function offersOf(simulator: WhatsAppSimulator, number: string): BinaryNode[] {
  return received(simulator, number).flatMap(({ node }) => {
    const child = node.tag === 'call' ? firstChild(node) : undefined;
    return child?.tag === 'offer' ? [child] : [];
  });
}

/** The content of a child of an offer; `undefined`: it has no such child. */
export function bytesIn(offer: BinaryNode | undefined, tag: string): Buffer | undefined {
  const children = Array.isArray(offer?.content) ? offer.content : [];
  const content = children.find((child) => child.tag === tag)?.content;
  return content instanceof Uint8Array ? Buffer.from(content) : undefined;
}

/** What an account sends to reach somebody: look-ups, key requests, trust tokens and offers. */
export function outreachOf(simulator: WhatsAppSimulator, number: string): StanzaRecord[] {
  return received(simulator, number).filter(({ node }) => isOutreach(node));
}

function isOutreach(node: BinaryNode): boolean {
  const child = firstChild(node)?.tag;
  if (node.tag === 'call') return child === 'offer';
  const { xmlns, type } = node.attrs;
  if (node.tag !== 'iq') return false;
  return (
    xmlns === 'usync' || (xmlns === 'encrypt' && type === 'get' && child === 'key') || child === 'tokens'
  );
}

function received(simulator: WhatsAppSimulator, number: string): StanzaRecord[] {
  return simulator.stanzas.filter(({ account, direction }) => account === number && direction === 'in');
}

function firstChild({ content }: BinaryNode): BinaryNode | undefined {
  return Array.isArray(content) ? content[0] : undefined;
}
