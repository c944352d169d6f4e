import jsQR from 'jsqr';

/** One state of the pairing page as the server tells it. */
export interface ToldState {
  readonly phase: string;
  readonly [field: string]: unknown;
}

const PIXELS = 4;

/** Reads the server-sent events of a pairing page, as a browser would. */
export class PageEvents {
  readonly states: ToldState[] = [];
  /** Everything that came, as it came. */
  text = '';
  /** Resolves when the server has ended the stream, or the connection was cut. */
  readonly ended: Promise<void>;
  private readonly listeners = new Set<() => void>();

  private constructor(
    readonly response: Response,
    private readonly abort: AbortController,
  ) {
    // An abort in the moment in which the server ends the stream may leave the reader without either.
    const left = new Promise<void>((resolve) => abort.signal.addEventListener('abort', () => resolve()));
    this.ended = Promise.race([left, this.read().catch(() => undefined)]);
  }

  static async open(address: string, headers: Record<string, string> = {}): Promise<PageEvents> {
    const abort = new AbortController();
    return new PageEvents(await fetch(address, { headers, signal: abort.signal }), abort);
  }

  get last(): ToldState | undefined {
    return this.states.at(-1);
  }

  /** Resolves with the first state of this phase that is told from state number `from` on. */
  async until(phase: string, from = 0, timeoutMs = 10_000): Promise<ToldState> {
    const find = () => this.states.slice(from).find((state) => state.phase === phase);
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.listeners.delete(look);
      };
      const look = () => {
        const found = find();
        if (!found) return;
        done();
        resolve(found);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`the page was not told ${phase}, but ${JSON.stringify(this.phases)}`));
      }, timeoutMs);
      this.listeners.add(look);
      look();
    });
  }

  get phases(): string[] {
    return this.states.map(({ phase }) => phase);
  }

  /** Leaves the page. */
  async close(): Promise<void> {
    this.abort.abort();
    await this.ended;
  }

  private async read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of this.response.body ?? []) {
      const piece = decoder.decode(chunk as Uint8Array, { stream: true });
      this.text += piece;
      const messages = (rest + piece).split('\n\n');
      rest = messages.pop() ?? '';
      for (const message of messages) this.take(message);
    }
  }

  private take(message: string): void {
    if (!/^event: state$/m.test(message)) return;
    const data = /^data: (.*)$/m.exec(message)?.[1] ?? '{}';
    this.states.push(JSON.parse(data) as ToldState);
    for (const listener of this.listeners) listener();
  }
}

/** What a camera reads from a QR code that is drawn from this path, on white. */
export function readDrawing(qr: unknown): string | undefined {
  const { size, path } = qr as { size: number; path: string };
  const width = size * PIXELS;
  const pixels = new Uint8ClampedArray(width * width * 4).fill(255);
  for (const [, x, y, run] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    for (let row = Number(y) * PIXELS; row < (Number(y) + 1) * PIXELS; row += 1) {
      const start = (row * width + Number(x) * PIXELS) * 4;
      for (let pixel = 0; pixel < Number(run) * PIXELS; pixel += 1) {
        pixels.fill(0, start + pixel * 4, start + pixel * 4 + 3);
      }
    }
  }
  // A CommonJS package: its types name a default export inside what is the function itself.
  const camera = jsQR as unknown as typeof jsQR.default;
  return camera(pixels, width, width)?.data;
}
