// @ts-check
import { byId, whileBusy } from './dom.js';

/** @typedef {import('./api.js').InstancePage} InstancePage */

/** Which page of the instances is shown, and the buttons to the one before and the next. */
export class Pages {
  /** The pages up to the one that is shown; `first` counts from 1. @type {{ cursor: string | null, first: number }[]} */
  #path = [{ cursor: null, first: 1 }];

  /** @param {() => Promise<void>} refresh asks for the page that is to be shown */
  constructor(refresh) {
    this.refresh = refresh;
    this.place = byId('pages', HTMLElement);
  }

  /** Of the page that is shown; `null` = the first. */
  get cursor() {
    return this.#path.at(-1)?.cursor ?? null;
  }

  /** The page has become empty: what was on it is gone. @returns whether there is one before it */
  back() {
    if (this.#path.length === 1) return false;
    this.#path.pop();
    return true;
  }

  /** @param {InstancePage} page */
  show({ instances, meta: { total, nextCursor } }) {
    const first = this.#path.at(-1)?.first ?? 1;
    const next = { cursor: nextCursor, first: first + instances.length };
    this.place.hidden = nextCursor === null && this.#path.length === 1;
    byId('page-place', HTMLElement).textContent = `${first}–${next.first - 1} of ${total}`;
    const path = this.#path;
    this.#offer('page-before', path.length > 1, path.slice(0, -1));
    this.#offer('page-after', nextCursor !== null, [...path, next]);
  }

  hide() {
    this.place.hidden = true;
  }

  /**
   * @param {string} id of a button
   * @param {boolean} isUseful
   * @param {{ cursor: string | null, first: number }[]} path to the page it leads to, however often it is pressed
   */
  #offer(id, isUseful, path) {
    const button = byId(id, HTMLButtonElement);
    button.disabled = !isUseful;
    button.onclick = () => {
      this.#path = path;
      void whileBusy(button, this.refresh);
    };
  }
}
