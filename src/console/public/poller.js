// @ts-check
import { ApiError, RESERVE } from './api-client.js';

/** @typedef {import('./api-client.js').ApiClient} ApiClient */

/** Repeats a question while the page is visible, as often as the rate limit allows. */
export class Poller {
  /** @type {number | undefined} */
  #timer;
  /** @type {Promise<void> | undefined} */
  #running;
  #stopped = false;
  #inTrouble = false;

  /**
   * @param {ApiClient} client
   * @param {{ intervalMs: number, isWatched?: boolean }} pace watched = somebody waits for the answer
   * @param {() => Promise<void>} ask
   * @param {(error: unknown) => void} onTrouble `undefined` = it is over
   */
  constructor(client, { intervalMs, isWatched = false }, ask, onTrouble) {
    this.client = client;
    this.intervalMs = intervalMs;
    this.reserve = isWatched ? RESERVE.watched : RESERVE.list;
    this.ask = ask;
    this.onTrouble = onTrouble;
    this.onVisible = () => {
      if (!document.hidden) void this.now();
    };
    document.addEventListener('visibilitychange', this.onVisible);
    void this.now();
  }

  /** Asks at once, or once more after the question that is under way, and goes on from there. Never fails. */
  async now() {
    if (this.#running) await this.#running;
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#running ??= this.#askOnce().finally(() => (this.#running = undefined));
    await this.#running;
  }

  async #askOnce() {
    let waitMs = this.intervalMs;
    try {
      await this.ask();
      if (this.#inTrouble && !this.#stopped) this.onTrouble(undefined);
      this.#inTrouble = false;
    } catch (error) {
      this.#inTrouble = true;
      if (!this.#stopped) this.onTrouble(error);
      waitMs = Math.max(waitMs * 2, ((error instanceof ApiError && error.retryAfterSeconds) || 0) * 1000);
    }
    if (this.#stopped) return;
    // A hidden page rests until it is seen again.
    const next = () => !document.hidden && void this.now();
    this.#timer = window.setTimeout(next, this.client.politeMs(waitMs, this.reserve));
  }

  stop() {
    // What it told is over with it.
    if (this.#inTrouble && !this.#stopped) this.onTrouble(undefined);
    this.#stopped = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.onVisible);
  }
}
