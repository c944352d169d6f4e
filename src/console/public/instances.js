// @ts-check
import { badge, button, byId, confirmed, make, onSubmit, renew, tell } from './dom.js';
import { openLinking } from './linking.js';
import { numberOf, stateInWords, timeInWords } from './words.js';

/** @typedef {import('./api.js').Api} Api */
/** @typedef {import('./api.js').Instance} Instance */

/** The list of instances, and what can be done with each. */
export class InstancesView {
  /**
   * @param {Api} api
   * @param {() => Promise<void>} refresh asks for the list anew
   * @param {(name: string) => void} select
   */
  constructor(api, refresh, select) {
    this.api = api;
    this.refresh = refresh;
    this.select = select;
    const form = byId('new-instance', HTMLFormElement);
    form.hidden = !api.ownsAccount;
    onSubmit(form, () => this.#make(form));
  }

  /**
   * @param {Instance[]} instances
   * @param {string | undefined} selected
   */
  show(instances, selected) {
    renew(byId('instances', HTMLElement), [instances, selected], () =>
      instances.length === 0
        ? [make('li', { class: 'hint' }, 'No instance yet. Make one below; it holds one WhatsApp account.')]
        : instances.map((instance) => this.#card(instance, instance.name === selected)),
    );
  }

  /** @param {HTMLFormElement} form */
  async #make(form) {
    const input = form.querySelector('input');
    const { name, token } = await this.api.newInstance(input?.value.trim() ?? '');
    form.reset();
    showToken(name, token);
    await this.refresh();
    this.select(name);
    tell(`Instance ${name} made. Link a phone next: Connect.`);
  }

  /**
   * @param {Instance} instance
   * @param {boolean} isSelected
   */
  #card({ name, connection, profile }, isSelected) {
    const { state, numberJid, lastDisconnect, restrictedUntil } = connection;
    const choose = make(
      'button',
      { type: 'button', class: 'name', 'data-key': `select ${name}`, 'aria-pressed': String(isSelected) },
      name,
    );
    choose.onclick = () => this.select(name);
    const who = [numberOf(numberJid), profile.name].filter(Boolean).join(' · ');
    return make(
      'li',
      { class: isSelected ? 'card selected' : 'card' },
      make('div', { class: 'title' }, choose, badge(state, stateInWords(state))),
      make('p', { class: 'hint' }, who || 'No phone linked yet'),
      restrictedUntil === null
        ? null
        : make('p', { class: 'alert' }, `Restricted by WhatsApp until ${timeInWords(restrictedUntil)}`),
      lastDisconnect === null
        ? null
        : make(
            'p',
            { class: state === 'connected' ? 'hint' : 'reason' },
            `Last disconnect: ${lastDisconnect.reason} (${lastDisconnect.code}), ${timeInWords(lastDisconnect.at)}`,
          ),
      make('div', { class: 'row' }, ...this.#actions(name, connection)),
    );
  }

  /**
   * @param {string} name
   * @param {import('./api.js').Connection} connection
   */
  #actions(name, { state, numberJid }) {
    const isLinked = numberJid !== null && state !== 'loggedout';
    /** @type {[label: string, action: () => Promise<void>, kind?: string][]} */
    const actions = [];
    if (state !== 'connected')
      actions.push(['Connect', async () => openLinking(this.api, name, this.refresh), 'primary']);
    if (isLinked) {
      actions.push(
        ['Reconnect', () => this.#done(this.api.reconnect(name), `${name} reconnects`)],
        ['Log out', () => this.#logout(name)],
      );
    }
    if (this.api.ownsAccount) actions.push(['Delete', () => this.#delete(name), 'danger']);
    return actions.map(([label, action, kind]) => {
      const spoken = `${label} ${name}`;
      return button(label, spoken, action, spoken, kind);
    });
  }

  /** @param {string} name */
  async #logout(name) {
    const question = `Log ${name} out? Its phone is unlinked and has to be linked again.`;
    if (await confirmed(question, 'Log out'))
      await this.#done(this.api.logout(name), `${name} is logged out`);
  }

  /** @param {string} name */
  async #delete(name) {
    const question = `Delete ${name} with its calls, webhooks and token? This cannot be undone.`;
    if (!(await confirmed(question, 'Delete'))) return;
    byId('new-token', HTMLElement).hidden = true;
    await this.#done(this.api.delete(name), `${name} is deleted`);
  }

  /**
   * @param {Promise<unknown>} work
   * @param {string} words
   */
  async #done(work, words) {
    await work;
    tell(words);
    await this.refresh();
  }
}

/** @param {string} name @param {string} token shown this once */
function showToken(name, token) {
  const place = byId('new-token', HTMLElement);
  const [label, input] = [place.querySelector('[data-name]'), place.querySelector('input')];
  if (!label || !input) return;
  label.textContent = name;
  input.value = token;
  place.hidden = false;
  input.select();
}
