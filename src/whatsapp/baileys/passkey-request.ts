import type { BinaryNode } from '@whiskeysockets/baileys';

/** The server itself, as its JID is decoded with and without an empty user part. */
const SERVER_JIDS: readonly unknown[] = ['s.whatsapp.net', '@s.whatsapp.net'];

/**
 * True when the server asks a companion for a passkey before its account links it. The notification starts what
 * WhatsApp Web calls Shortcake linking (2026 builds); from any other sender it means nothing.
 */
export function isPasskeyRequest({ tag, attrs }: BinaryNode): boolean {
  return (
    tag === 'notification' && attrs.type === 'passkey_prologue_request' && SERVER_JIDS.includes(attrs.from)
  );
}
