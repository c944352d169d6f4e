// @ts-check
import { badge, button, byId, empty, make, renew, table, tell, tellError } from './dom.js';
import { Poller } from './poller.js';
import { timeInWords } from './words.js';

/** @typedef {import('./api.js').Api} Api */
/** @typedef {import('./api.js').Webhook} Webhook */
/** @typedef {import('./api.js').Delivery} Delivery */

const PACE = { intervalMs: 15_000 };

/** The webhooks of one instance, and what became of the last events. */
export class WebhooksView {
  #isOpen = true;

  /** @param {Api} api @param {string} instance */
  constructor(api, instance) {
    this.api = api;
    this.instance = instance;
    this.poller = new Poller(api.client, PACE, () => this.#refresh(), tellError);
  }

  close() {
    this.#isOpen = false;
    this.poller.stop();
    for (const id of ['webhooks', 'deliveries']) empty(byId(id, HTMLElement));
  }

  async #refresh() {
    const webhooks = await this.api.webhooks(this.instance);
    const deliveries = await this.api.deliveries(this.instance);
    if (!this.#isOpen) return;
    renew(byId('webhooks', HTMLElement), webhooks, () =>
      webhooks.length === 0
        ? [make('li', { class: 'hint' }, 'No webhook. Configure one with POST /api/events/webhook.')]
        : webhooks.map(webhookItem),
    );
    const headings = ['Event', 'Webhook', 'State', 'Tries', 'Answer', 'Queued', ''];
    renew(byId('deliveries', HTMLElement), deliveries, () => [
      table(
        headings,
        deliveries.map((one) => this.#row(one)),
        'No delivery yet.',
      ),
    ]);
  }

  /** @param {Delivery} delivery @returns {(Node | string)[]} */
  #row({ id, event, label, status, attempts, responseStatus, error, nextAttemptAt, createdAt }) {
    const next = nextAttemptAt === null ? '' : `, again ${timeInWords(nextAttemptAt)}`;
    const spoken = `Replay ${event} of ${timeInWords(createdAt)}`;
    return [
      event,
      label,
      badge(status, status),
      String(attempts),
      `${error ?? responseStatus ?? '–'}${next}`,
      timeInWords(createdAt),
      button('Replay', `replay ${id}`, () => this.#replay(id), spoken),
    ];
  }

  /** @param {string} id */
  async #replay(id) {
    await this.api.replay(this.instance, id);
    tell('The delivery is queued again.');
    await this.poller.now();
  }
}

/** @param {Webhook} webhook */
function webhookItem({ label, enabled, url, events, disabledReason, counters }) {
  const { delivered, dead, failedAttempts } = counters;
  const facts = [
    events.length === 0 ? 'all events' : events.join(', '),
    `${delivered} delivered`,
    `${failedAttempts} failed tries`,
    `${dead} given up`,
  ];
  return make(
    'li',
    { class: 'card' },
    make(
      'div',
      { class: 'title' },
      make('b', {}, label),
      enabled ? badge('connected', 'on') : badge('', 'off'),
    ),
    make('p', { class: 'address' }, url ?? 'no address'),
    make('p', { class: 'hint' }, facts.join(' · ')),
    disabledReason === null ? null : make('p', { class: 'reason' }, `Switched off: ${disabledReason}`),
  );
}
