/** The server is heard of at least every 15 s; without a word for this long the connection has died silently. */
const SILENCE_MS = 45_000;
/** A browser gives up for good after an error answer, also after that of a proxy in front of a server that restarts. */
const REOPEN_MS = 5_000;

/** Server-sent events that notice when nothing comes any more, as after a phone has slept. */
export class PairingEvents {
  constructor(address, { state, lost, gone }) {
    this.address = address;
    this.listeners = { state, lost, gone };
  }

  open() {
    const { state, lost } = this.listeners;
    this.source?.close();
    const source = new EventSource(this.address);
    this.source = source;
    this.listen();
    source.addEventListener('state', (event) => {
      this.listen();
      state(JSON.parse(event.data));
    });
    source.addEventListener('beat', () => this.listen());
    source.addEventListener('error', () => {
      if (this.source !== source) return;
      lost();
      if (source.readyState === EventSource.CLOSED) void this.ask();
    });
  }

  close() {
    clearTimeout(this.silence);
    this.source?.close();
    this.source = undefined;
  }

  /** What an error answer was is not told, so it is asked for again. */
  async ask() {
    this.close();
    const answer = await fetch(this.address, { method: 'HEAD' }).catch(() => undefined);
    if (answer?.status === 404) this.listeners.gone();
    else this.silence = setTimeout(() => this.open(), REOPEN_MS);
  }

  listen() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => {
      this.listeners.lost();
      this.open();
    }, SILENCE_MS);
  }
}
