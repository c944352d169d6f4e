import type { WebSocket } from 'ws';
import type { Clock } from '../common/time/clock.js';

/** Close codes of RFC 6455, section 7.4.1, and of the IANA registry. */
export const CLOSE_CODES = { goingAway: 1001, policyViolation: 1008, tryAgainLater: 1013 } as const;

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];

/** A reader that has this much unread is dropped. */
const MAX_UNREAD_BYTES = 1024 * 1024;

/** How long a client may take to answer a goodbye before its connection is cut. */
const CLOSE_GRACE_MS = 2000;

/** Who opened a WebSocket, and with which token, for checking it again later. */
export interface SocketOwner {
  readonly accountId: string;
  readonly instanceId: string;
  readonly token: string;
}

/** One open WebSocket that events are written to. What its client sends is read and forgotten. */
export class EventSocket {
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  private isAnswering = true;
  private isLeaving = false;
  private dropped: DropReason | undefined;

  constructor(
    private readonly socket: WebSocket,
    readonly owner: SocketOwner,
    /** Names of the events to send; empty = all. */
    public events: readonly string[],
    private readonly clock: Clock,
  ) {
    socket.on('pong', () => (this.isAnswering = true));
    // The library closes the connection after each error; a listener keeps the error from ending the process.
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** A goodbye was said; nothing is sent any more. */
  get isClosing(): boolean {
    return this.isLeaving;
  }

  /** Set when the client did not keep up. */
  get dropReason(): DropReason | undefined {
    return this.dropped;
  }

  /** Sends a text frame, unless the client does not want the event or reads so slowly that it has to go. */
  send(event: string, text: string): void {
    if (this.isLeaving || !this.wants(event)) return;
    if (this.socket.bufferedAmount > MAX_UNREAD_BYTES) {
      this.dropped = 'too_slow';
      this.close(CLOSE_CODES.tryAgainLater, 'Too slow');
    } else this.socket.send(text, () => undefined);
  }

  /** Asks whether the client is still there; a client that did not answer the time before is cut off. */
  beat(): void {
    if (this.isLeaving) return;
    if (!this.isAnswering) {
      this.dropped = 'silent';
      this.socket.terminate();
      return;
    }
    this.isAnswering = false;
    this.socket.ping();
  }

  /** Says goodbye. @param reason at most 123 bytes, as RFC 6455 wants it */
  close(code: CloseCode, reason: string): void {
    if (this.isLeaving) return;
    this.isLeaving = true;
    this.socket.close(code, reason);
    const cut = this.clock.schedule(CLOSE_GRACE_MS, () => this.socket.terminate());
    void this.closed.then(() => cut.cancel());
  }

  private wants(event: string): boolean {
    return this.events.length === 0 || this.events.includes(event);
  }
}

/** `too_slow`: too much unread; `silent`: no answer to a ping. */
export const DROP_REASONS = ['too_slow', 'silent'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** A client was cut off because it did not keep up. */
export class WebSocketDropped {
  constructor(readonly reason: DropReason) {}
}
