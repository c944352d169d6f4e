import { EventEmitter } from 'node:events';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { ConnectionEnd } from '../../../../src/whatsapp/whatsapp.errors.js';
import type { BaileysConnection } from '../../../../src/whatsapp/baileys/baileys-connection.js';

/** A connection without a socket behind it: stanzas come from the test, and it ends when the test says so. */
export class FakeConnection {
  readonly socket = {
    ws: new EventEmitter(),
    requestPairingCode: (number: string): Promise<string> => {
      this.codesAskedFor.push(number);
      return this.isBroken ? Promise.reject(new Error('Connection Closed')) : Promise.resolve('ABCD1234');
    },
  };
  readonly codesAskedFor: string[] = [];
  /** Nothing can be sent any more. */
  isBroken = false;
  private readonly whenFinished = new Set<(end: ConnectionEnd) => void>();

  onceFinished(work: (end: ConnectionEnd) => void): () => void {
    this.whenFinished.add(work);
    return () => this.whenFinished.delete(work);
  }

  end(how: ConnectionEnd = 'lost'): void {
    for (const work of this.whenFinished) work(how);
    this.whenFinished.clear();
  }

  receive(event: string, node: BinaryNode): void {
    this.socket.ws.emit(event, node);
  }

  /** Listeners on the socket and on its end. */
  get listeners(): number {
    const { ws } = this.socket;
    const onSocket = ws.eventNames().map((event) => ws.listenerCount(event));
    return onSocket.reduce((sum, count) => sum + count, this.whenFinished.size);
  }

  /** The real one opens a socket as soon as it is made, so this is only shaped like it where the tests need it. */
  asConnection(): BaileysConnection {
    return this as unknown as BaileysConnection;
  }
}
