import type { Response } from 'express';
import type { Clock, Timer } from '../common/time/clock.js';
import type { PageState, PairingViewer } from './pairing-viewer.js';

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Robots-Tag': 'noindex, nofollow',
  // nginx would collect the events before it passes them on.
  'X-Accel-Buffering': 'no',
};
const RETRY_MS = 3000;
/** Shorter than the idle limits of proxies; the page notices a connection that died silently when they stay away. */
const HEARTBEAT_MS = 15_000;
/** Who does not read for this long is not there any more. */
const MAX_UNREAD_BYTES = 256 * 1024;

/** A page on the other end of server-sent events (WHATWG HTML, `text/event-stream`). */
export class EventStream implements PairingViewer {
  private heartbeat: Timer | undefined;
  private lastId = 0;
  private isClosed = false;
  private readonly listeners: (() => void)[] = [];

  constructor(
    private readonly response: Response,
    private readonly clock: Clock,
  ) {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    response.on('error', () => response.destroy());
    response.once('close', () => this.close());
  }

  show(state: PageState): void {
    // With an id a browser that comes back by itself says so.
    this.write(`id: ${(this.lastId += 1)}\nevent: state\ndata: ${JSON.stringify(state)}\n\n`);
  }

  end(): void {
    if (!this.isClosed) this.response.end();
    this.close();
  }

  onClosed(listener: () => void): void {
    if (this.isClosed) listener();
    else this.listeners.push(listener);
  }

  private write(text: string): void {
    if (this.isClosed) return;
    if (this.response.writableLength > MAX_UNREAD_BYTES) {
      this.response.destroy();
      return;
    }
    if (!this.response.headersSent) this.response.status(200).write(`retry: ${RETRY_MS}\n\n`);
    this.response.write(text);
    this.heartbeat?.cancel();
    this.heartbeat = this.clock.schedule(HEARTBEAT_MS, () => this.write('event: beat\ndata: 1\n\n'));
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.heartbeat?.cancel();
    for (const listener of this.listeners.splice(0)) listener();
  }
}
