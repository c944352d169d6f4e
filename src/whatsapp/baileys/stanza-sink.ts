import type { AuthenticationCreds, BinaryNode } from '@whiskeysockets/baileys';

/** Those who want the stanzas of a session, whatever socket they come from. */
export interface StanzaSink {
  onCall(node: BinaryNode, creds: AuthenticationCreds): void;
  onReceipt(node: BinaryNode): void;
  onOpened(): void;
}
