// @ts-check
import { ApiError } from './api-client.js';
import {
  badge,
  button,
  byId,
  empty,
  make,
  onSubmit,
  renew,
  table,
  tell,
  tellError,
  whileBusy,
} from './dom.js';
import { Poller } from './poller.js';
import { callInWords, errorInWords, offset, timeInWords } from './words.js';

/** @typedef {import('./api.js').Api} Api */
/** @typedef {import('./api.js').Call} Call */

const FOLLOW_PACE = { intervalMs: 500, isWatched: true };
const LIST_PACE = { intervalMs: 10_000 };
const UNSEEN = {
  state: 'offering',
  acceptedAt: null,
  deliveredAt: null,
  ringingAt: null,
  endedAt: null,
  outcome: null,
  failureReason: null,
};

const form = byId('call', HTMLFormElement);
const timeline = byId('timeline', HTMLElement);
const words = byId('call-status', HTMLElement);
const cancel = byId('cancel-call', HTMLButtonElement);

/** The test call of one instance, its life as a timeline, and the calls before it. */
export class CallsView {
  /** @type {Poller | undefined} */
  #follower;
  #isOpen = true;

  /** @param {Api} api @param {string} instance */
  constructor(api, instance) {
    this.api = api;
    this.instance = instance;
    clear();
    onSubmit(form, () => this.#ring(new FormData(form)));
    this.list = new Poller(api.client, LIST_PACE, () => this.#showRecent(), tellError);
  }

  close() {
    this.#isOpen = false;
    this.#follower?.stop();
    this.list.stop();
    empty(byId('calls', HTMLElement));
    clear();
  }

  /** @param {FormData} fields */
  async #ring(fields) {
    this.#follower?.stop();
    cancel.hidden = true;
    const number = String(fields.get('number'));
    const duration = Number(fields.get('duration'));
    const asked = { ...UNSEEN, number, requestedAt: new Date().toISOString() };
    this.#show(asked);
    try {
      const { callId } = await this.api.ring(this.instance, number, duration);
      if (this.#isOpen) this.#follow(callId);
    } catch (error) {
      if (!this.#isOpen) return;
      const failureReason = errorInWords(error);
      const endedAt = new Date().toISOString();
      this.#show({ ...asked, endedAt, failureReason, state: 'ended', outcome: 'failed' });
      words.classList.add('alert');
    } finally {
      void this.list.now();
    }
  }

  /** @param {string} callId */
  #follow(callId) {
    this.#follower?.stop();
    cancel.hidden = false;
    cancel.onclick = () => void whileBusy(cancel, () => this.#cancel(callId));
    let seen = '';
    const ask = async () => {
      const call = await this.api.call(this.instance, callId);
      if (!this.#isOpen || follower !== this.#follower) return;
      this.#show(call);
      // The list below must not tell an older state than the timeline.
      if (call.state !== seen) void this.list.now();
      seen = call.state;
      if (call.state !== 'ended') return;
      follower.stop();
      cancel.hidden = true;
    };
    const follower = new Poller(this.api.client, FOLLOW_PACE, ask, (error) => {
      if (error !== undefined) words.textContent = errorInWords(error);
      if (error instanceof ApiError && error.status === 404) follower.stop();
    });
    this.#follower = follower;
  }

  /** @param {string} callId */
  async #cancel(callId) {
    await this.api.cancel(this.instance, callId);
    tell('The call is hung up.');
    void this.#follower?.now();
    void this.list.now();
  }

  /** @param {Omit<Call, 'callId' | 'failureCode' | 'duration' | 'ringSeconds'>} call */
  #show(call) {
    const steps = [
      { name: 'Offering', at: call.requestedAt },
      { name: 'Calling', at: call.acceptedAt },
      { name: 'Delivered', at: call.deliveredAt },
      { name: 'Ringing', at: call.ringingAt },
      { name: call.outcome === null ? 'Ended' : `Ended: ${call.outcome}`, at: call.endedAt },
    ];
    const current = steps.findLastIndex(({ at }) => at !== null);
    const items = steps.map(({ name, at }, index) => {
      const state = at !== null ? 'done' : index < current ? 'skipped' : 'open';
      const when = at === null ? (state === 'skipped' ? '–' : '') : offset(call.requestedAt, at);
      const isCurrent = index === current && call.state !== 'ended';
      const attributes = {
        class: `${state} ${call.outcome ?? ''}`,
        ...(isCurrent && { 'aria-current': 'step' }),
      };
      return make('li', attributes, make('b', {}, name), ' ', make('span', {}, when));
    });
    timeline.hidden = false;
    timeline.replaceChildren(...items);
    words.classList.remove('alert');
    // The region is read aloud when its text changes, once for each step.
    const text = `${call.number}: ${callInWords(call)}`;
    if (words.textContent !== text) words.textContent = text;
  }

  async #showRecent() {
    const calls = await this.api.calls(this.instance);
    if (!this.#isOpen) return;
    const place = byId('calls', HTMLElement);
    const headings = ['Number', 'State', 'Asked for', 'Wanted', 'Rang', ''];
    renew(place, calls, () => [
      table(
        headings,
        calls.map((call) => this.#row(call)),
        'No call yet.',
      ),
    ]);
  }

  /** @param {Call} call @returns {(Node | string)[]} */
  #row(call) {
    const { callId, number, state, outcome, requestedAt, duration, ringSeconds } = call;
    const show = async () => {
      if (callId !== null && state !== 'ended') this.#follow(callId);
      else {
        this.#follower?.stop();
        cancel.hidden = true;
        this.#show(call);
      }
      words.scrollIntoView({ block: 'nearest' });
    };
    const spoken = `Show the call to ${number} of ${timeInWords(requestedAt)}`;
    const stands = badge(outcome ?? state, outcome ?? state);
    stands.title = callInWords(call);
    return [
      number,
      stands,
      timeInWords(requestedAt),
      `${duration} s`,
      ringSeconds === null ? '–' : `${ringSeconds.toFixed(1)} s`,
      button('Show', `show ${callId ?? requestedAt}`, show, spoken),
    ];
  }
}

function clear() {
  cancel.hidden = true;
  timeline.hidden = true;
  words.textContent = '';
}
