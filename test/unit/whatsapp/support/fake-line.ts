import type { BinaryNode } from '@whiskeysockets/baileys';
import { childrenOf } from '../../../../src/whatsapp/baileys/call-stanzas.js';
import type { CallLine } from '../../../../src/whatsapp/baileys/outgoing-call.js';

/** The way to WhatsApp of a call: keeps what is sent, and can be cut. */
export class FakeLine implements CallLine {
  readonly sent: BinaryNode[] = [];
  isCut = false;
  private lastId = 0;

  nextStanzaId(): string {
    if (this.isCut) throw new Error('No socket is open');
    this.lastId += 1;
    return `stanza-${this.lastId}`;
  }

  send(stanza: BinaryNode): Promise<void> {
    if (this.isCut) return Promise.reject(new Error('No socket is open'));
    this.sent.push(stanza);
    return Promise.resolve();
  }

  /** Who was stopped, in order: `<device> <reason>`, a dash when no reason was given. */
  get stopped(): string[] {
    return this.sent.map((stanza) => {
      const terminate = childrenOf(stanza).find(({ tag }) => tag === 'terminate');
      return `${stanza.attrs.to ?? ''} ${terminate ? (terminate.attrs.reason ?? '-') : 'is no terminate'}`;
    });
  }
}
