import {
  decodeBinaryNode,
  encodeBinaryNode,
  proto,
  type BinaryNode,
  type KeyPair,
} from '@whiskeysockets/baileys';
import type { RawData, WebSocket } from 'ws';
import type { LinkedCompanion } from './account.js';
import type { ConnectionRecord } from './types.js';
import { frame, FrameReader } from './frames.js';
import { NoiseResponder } from './noise-responder.js';

/** A client told to go closes by itself; this is for one that does not. */
const DEFAULT_LINGER_MS = 1_000;
const GARBAGE_BYTES = 64;

export interface ServerIdentity {
  readonly keyPair: KeyPair;
  readonly certificateChain: Uint8Array;
}

export interface ConnectionOptions {
  readonly query: string;
  readonly lingerMs: number | undefined;
}

export interface ConnectionEvents {
  handshakeFinished(connection: Connection, payload: proto.ClientPayload, clientStatic: Buffer): void;
  received(connection: Connection, node: BinaryNode, stanzaBytes: Buffer): Promise<void> | void;
  sent(connection: Connection, node: BinaryNode): void;
  failed(connection: Connection, error: unknown): void;
  closed(connection: Connection): void;
}

/** One WebSocket from handshake to close. Frames are handled one after another, or the Noise counters would break. */
export class Connection {
  /** Set while a linked device is logged in here. */
  companion: LinkedCompanion | undefined;
  openedAt = 0;
  /** Of WhatsApp Web, as the client says; 0 before the handshake is over. */
  revision = 0;
  readonly record: ConnectionRecord;
  private phase: 'hello' | 'finish' | 'open' = 'hello';
  private readonly frames = new FrameReader();
  private readonly noise: NoiseResponder;
  private readonly pending = new Map<string, (answer: BinaryNode | undefined) => void>();
  private broken = false;
  private queue: Promise<void> = Promise.resolve();
  private nextRequestId = 1;

  constructor(
    private readonly ws: WebSocket,
    identity: ServerIdentity,
    private readonly events: ConnectionEvents,
    private readonly options: ConnectionOptions,
  ) {
    this.record = { id: (lastId += 1), query: options.query, openedAt: Date.now() };
    this.noise = new NoiseResponder(identity.keyPair, identity.certificateChain);
    ws.on('message', (data) => this.enqueue(data));
    ws.on('error', (error) => {
      if (isProtocolError(error)) events.failed(this, error); // anything else: the client vanished, which is no fault
    });
    ws.on('close', () => {
      this.record.closedAt = Date.now();
      for (const settle of this.pending.values()) settle(undefined);
      this.pending.clear();
      events.closed(this);
    });
  }

  get isOpen(): boolean {
    return this.phase === 'open' && this.ws.readyState === this.ws.OPEN;
  }

  /** Stanzas for a connection that is gone are dropped, as the network does. */
  send(node: BinaryNode): void {
    if (!this.isOpen) return;
    this.ws.send(frame(this.noise.encrypt(encodeBinaryNode(node))));
    this.events.sent(this, node);
  }

  /** Sends an IQ of the server's own. Resolves `undefined` when the connection ends or nothing came in time. */
  request(node: BinaryNode, timeoutMs: number): Promise<BinaryNode | undefined> {
    const id = `sim-${this.nextRequestId++}`;
    return new Promise((resolve) => {
      const settle = (answer: BinaryNode | undefined): void => {
        clearTimeout(timer);
        this.pending.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      this.pending.set(id, settle);
      this.send({ ...node, attrs: { ...node.attrs, id } });
    });
  }

  /** Bytes in place of a stanza decrypt, and say whatever they say. */
  push(stanza: BinaryNode | Uint8Array): void {
    if (!(stanza instanceof Uint8Array)) return this.send(stanza);
    if (this.isOpen) this.ws.send(frame(this.noise.encrypt(stanza)));
  }

  /** Bytes that no key of this connection can decrypt. */
  sendGarbage(): void {
    if (this.isOpen) this.ws.send(frame(Buffer.alloc(GARBAGE_BYTES, 0xa5)));
  }

  /** Sends a last stanza and leaves the closing to the client for a moment, as the real server does. */
  sendLast(node: BinaryNode): void {
    this.send(node);
    this.terminateLater();
  }

  close(code = 1000): void {
    this.ws.close(code);
    this.terminateLater();
  }

  terminate(): void {
    this.ws.terminate();
  }

  private terminateLater(): void {
    setTimeout(() => this.ws.terminate(), this.options.lingerMs ?? DEFAULT_LINGER_MS).unref();
  }

  private enqueue(data: RawData): void {
    this.queue = this.queue.then(async () => {
      if (this.broken) return;
      try {
        if (!Buffer.isBuffer(data)) throw new Error('the message is not one buffer');
        for (const bytes of this.frames.push(data)) await this.handleFrame(bytes);
      } catch (error) {
        this.broken = true;
        this.events.failed(this, error);
        this.close(1011);
      }
    });
  }

  private async handleFrame(bytes: Buffer): Promise<void> {
    if (this.phase === 'hello') {
      this.ws.send(frame(this.noise.answerHello(bytes)));
      this.phase = 'finish';
      return;
    }
    if (this.phase === 'finish') {
      const { clientStatic, payload } = this.noise.finish(bytes);
      this.phase = 'open';
      this.events.handshakeFinished(this, proto.ClientPayload.decode(payload), clientStatic);
      return;
    }
    const stanzaBytes = this.noise.decrypt(bytes);
    const node = await decodeBinaryNode(stanzaBytes);
    const settle = node.tag === 'iq' ? this.pending.get(node.attrs.id ?? '') : undefined;
    await this.events.received(this, node, stanzaBytes);
    settle?.(node);
  }
}

let lastId = 0;

/** An error that the WebSocket library found in the client's bytes, as opposed to one of the network. */
function isProtocolError(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && error.code.startsWith('WS_ERR');
}
