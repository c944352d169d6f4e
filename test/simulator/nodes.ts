import type { BinaryNode } from '@whiskeysockets/baileys';
import { USER_SERVER } from './jids.js';

export function childrenOf(node: BinaryNode): BinaryNode[] {
  return Array.isArray(node.content) ? node.content : [];
}

export function childOf(node: BinaryNode, tag: string): BinaryNode | undefined {
  return childrenOf(node).find((child) => child.tag === tag);
}

/** Content as bytes; the codec gives text for contents that it packs as tokens. `undefined`: no content, or children. */
export function bytesOf(node: BinaryNode | undefined): Buffer | undefined {
  if (node?.content === undefined || Array.isArray(node.content)) return undefined;
  return typeof node.content === 'string' ? Buffer.from(node.content, 'utf8') : Buffer.from(node.content);
}

export function textOf(node: BinaryNode | undefined): string | undefined {
  return bytesOf(node)?.toString('utf8');
}

/** Unsigned big-endian number of the content, up to 4 bytes. */
export function uintOf(node: BinaryNode | undefined): number | undefined {
  const bytes = bytesOf(node);
  return bytes && bytes.length > 0 && bytes.length <= 4 ? bytes.readUIntBE(0, bytes.length) : undefined;
}

export function iqResult(request: BinaryNode, content?: BinaryNode[]): BinaryNode {
  return { tag: 'iq', attrs: { from: USER_SERVER, type: 'result', id: request.attrs.id ?? '' }, content };
}

export function iqError(request: BinaryNode, code: number, text: string): BinaryNode {
  return {
    tag: 'iq',
    attrs: { from: USER_SERVER, type: 'error', id: request.attrs.id ?? '' },
    content: [{ tag: 'error', attrs: { code: String(code), text } }],
  };
}

export function epochSeconds(): string {
  return String(Math.floor(Date.now() / 1000));
}
