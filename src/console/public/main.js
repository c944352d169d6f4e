// @ts-check
import { ApiError } from './api-client.js';
import { Api } from './api.js';
import { CallsView } from './calls.js';
import { byId, empty, onSubmit, tell, tellError } from './dom.js';
import { InstancesView } from './instances.js';
import { Pages } from './pages.js';
import { Poller } from './poller.js';
import { WebhooksView } from './webhooks.js';

/** @typedef {import('./api.js').Instance} Instance */

const LIST_PACE = { intervalMs: 5000 };

const signIn = byId('sign-in', HTMLFormElement);
const token = byId('token', HTMLInputElement);
const signOut = byId('sign-out', HTMLButtonElement);
const work = byId('work', HTMLElement);
const detail = byId('detail', HTMLElement);

/** All that is known from a token, from typing it in until it is forgotten. */
class Session {
  /** @type {Instance[]} */
  #instances = [];
  /** @type {string | undefined} */
  #selected;
  /** @type {{ close(): void }[]} */
  #open = [];

  /** @param {Api} api */
  constructor(api) {
    this.api = api;
    this.view = new InstancesView(
      api,
      () => this.poller.now(),
      (name) => this.select(name),
    );
    this.pages = new Pages(() => this.poller.now());
    this.poller = new Poller(api.client, LIST_PACE, () => this.#refresh(), complain);
  }

  async #refresh() {
    const page = await this.api.instances(this.pages.cursor);
    const { instances } = page;
    if (instances.length === 0 && this.pages.back()) return this.#refresh();
    const elsewhere = await this.#selectedOnAnotherPage(page);
    if (session !== this) return;
    this.pages.show(page);
    this.#instances = elsewhere ? [elsewhere, ...instances] : instances;
    const names = this.#instances.map(({ name }) => name);
    if (this.#selected === undefined || !names.includes(this.#selected)) this.select(names[0]);
    else this.#show();
  }

  /**
   * The one that is selected stays in view, whichever page is shown.
   * @param {import('./api.js').InstancePage} page
   */
  #selectedOnAnotherPage({ instances, meta }) {
    const selected = this.#selected;
    const isHere = selected === undefined || instances.some(({ name }) => name === selected);
    return isHere || meta.total <= instances.length ? undefined : this.api.instance(selected);
  }

  /** @param {string | undefined} name */
  select(name) {
    if (name !== this.#selected) {
      this.#closeDetail();
      this.#selected = name;
      for (const place of document.querySelectorAll('[data-selected]')) place.textContent = name ?? '';
      detail.hidden = name === undefined;
      if (name !== undefined) this.#open = [new CallsView(this.api, name), new WebhooksView(this.api, name)];
    }
    this.#show();
  }

  close() {
    this.poller.stop();
    this.#closeDetail();
    this.pages.hide();
    empty(byId('instances', HTMLElement));
  }

  #show() {
    this.view.show(this.#instances, this.#selected);
  }

  #closeDetail() {
    for (const one of this.#open) one.close();
    this.#open = [];
  }
}

/** @type {Session | undefined} */
let session;

/** @param {string} given */
async function open(given) {
  const api = new Api(given);
  // A wrong token is told before anything else is shown.
  await api.instances(null).catch((error) => {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    throw new Error(`${error.message}. An account token (rda_…) or the token of an instance is needed here.`);
  });
  token.value = '';
  session = new Session(api);
  byId('who', HTMLElement).textContent = api.ownsAccount ? 'Account token' : 'Instance token';
  show(true);
  byId('instances-title', HTMLElement).focus();
}

/** @param {string} [reason] */
function forget(reason) {
  session?.close();
  session = undefined;
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  const secret = byId('new-token', HTMLElement);
  secret.hidden = true;
  for (const input of secret.querySelectorAll('input')) input.value = '';
  byId('who', HTMLElement).textContent = '';
  show(false);
  tellError(reason);
  tell(reason === undefined ? 'The token is forgotten.' : '');
  token.focus();
}

/** @param {boolean} isOpen */
function show(isOpen) {
  signIn.hidden = isOpen;
  work.hidden = !isOpen;
  signOut.hidden = !isOpen;
  tell('');
}

/** @param {unknown} error */
function complain(error) {
  if (error instanceof ApiError && error.status === 401) forget('This token does not work any more.');
  else tellError(error);
}

onSubmit(signIn, () => open(token.value.trim()));
signOut.onclick = () => forget();
