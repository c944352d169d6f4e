import { connect, type Socket } from 'node:net';

const DRIP_EVERY_MS = 100;

/** A client that sends one byte now and then, as slow-loris attacks do to hold a connection for long. */
export class SlowClient {
  /** All that the server said. */
  answer = '';
  /** When the connection was made; monotonic milliseconds. */
  openedAtMs = 0;
  /** When the server was rid of it; `undefined` while it is open. */
  closedAtMs: number | undefined;
  readonly closed: Promise<void>;
  private readonly socket: Socket;
  private readonly drip: NodeJS.Timeout;
  private sent = 0;

  /**
   * @param text goes out one byte at a time, then its last byte for ever; nothing at all when it is empty
   * @param prefix goes out at once
   */
  constructor(url: string, text: string, prefix = '', everyMs = DRIP_EVERY_MS) {
    this.socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      this.openedAtMs = performance.now();
      if (prefix !== '') this.socket.write(prefix);
    });
    this.drip = setInterval(() => this.next(text), everyMs);
    this.socket.on('data', (bytes) => (this.answer += bytes.toString('latin1')));
    // Being cut is what it waits for; the close tells.
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.closedAtMs = performance.now();
        clearInterval(this.drip);
        resolve();
      });
    });
  }

  /** Milliseconds that the connection lived; `undefined` while it does. */
  get livedMs(): number | undefined {
    return this.closedAtMs === undefined ? undefined : this.closedAtMs - this.openedAtMs;
  }

  destroy(): void {
    this.socket.destroy();
  }

  private next(text: string): void {
    const byte = text.at(Math.min(this.sent, text.length - 1));
    if (byte === undefined || !this.socket.writable) return;
    this.socket.write(byte);
    this.sent += 1;
  }
}

const UPGRADE = 'GET /ws/shop HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n';
const BODY = '{"name": "aaaa';

type Open = (url: string, everyMs?: number, token?: string) => SlowClient;

/** The ways to be slow, by what they never finish. Without a valid token nobody waits for a body. */
export const SLOW_WAYS: Readonly<Record<string, Open>> = {
  'nothing at all': (url, everyMs) => new SlowClient(url, '', '', everyMs),
  'the request line': (url, everyMs) => new SlowClient(url, 'GET /aaaa', '', everyMs),
  'the headers': (url, everyMs) => new SlowClient(url, 'X-Slow: aaaa', headOf(), everyMs),
  'the headers of a WebSocket': (url, everyMs) => new SlowClient(url, 'X-Slow: aaaa', UPGRADE, everyMs),
  'the body': (url, everyMs, token) =>
    new SlowClient(url, BODY, `${headOf(token)}Content-Length: 90000\r\n\r\n`, everyMs),
  'a chunk of the body': (url, everyMs, token) =>
    new SlowClient(url, BODY, `${headOf(token)}Transfer-Encoding: chunked\r\n\r\n8000\r\n`, everyMs),
};

function headOf(token = 'none'): string {
  return `POST /api/instance/new HTTP/1.1\r\nHost: x\r\ntoken: ${token}\r\n`;
}
