import type { AuthenticationCreds, BinaryNode, ConnectionState } from '@whiskeysockets/baileys';

/** Those who want the stanzas of a session and what they say, whatever socket they come from. */
export interface StanzaSink {
  onCall(node: BinaryNode, creds: AuthenticationCreds): void;
  onReceipt(node: BinaryNode): void;
  onReachoutLock(lock: NonNullable<ConnectionState['reachoutTimeLock']>): void;
  onOpened(): void;
}
