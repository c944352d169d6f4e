// @ts-check
import { ApiError } from './api-client.js';
import { byId, make, onSubmit, whileBusy } from './dom.js';
import { Poller } from './poller.js';
import { errorInWords, timeInWords } from './words.js';

/** @typedef {import('./api.js').Api} Api */

/** WhatsApp renews the code about every 20 s. */
const QR_PACE = { intervalMs: 4000, isWatched: true };

const dialog = byId('linking', HTMLDialogElement);
const status = byId('linking-status', HTMLElement);
const place = byId('linking-code', HTMLElement);
const form = byId('linking-number', HTMLFormElement);
const share = byId('linking-share', HTMLButtonElement);
const again = byId('linking-again', HTMLButtonElement);
const close = byId('linking-close', HTMLButtonElement);

/** A later wish makes the answers to earlier ones worthless. */
let turn = 0;

/**
 * Shows a QR code that renews itself, or a pairing code, until the phone is linked or the dialog is closed.
 * @param {Api} api
 * @param {string} name
 * @param {() => Promise<void>} refresh
 */
export function openLinking(api, name, refresh) {
  /** @type {Poller | undefined} */
  let poller;
  let told = '';
  const words = dialog.querySelector('[data-linking]');
  if (words) words.textContent = name;

  /** @param {string} text @param {Node[]} shown */
  const say = (text, ...shown) => {
    told = text;
    status.textContent = text;
    place.replaceChildren(...shown);
  };

  /** @param {string} [number] */
  const begin = async (number) => {
    const mine = ++turn;
    poller?.stop();
    again.hidden = true;
    say(number === undefined ? 'Asking WhatsApp for a QR code …' : 'Asking WhatsApp for a pairing code …');
    try {
      const { qrCodeBase64, pairingCode } = await api.connect(name, number);
      if (mine !== turn) return;
      if (pairingCode !== undefined) showCode(pairingCode);
      else if (qrCodeBase64 !== undefined) showQr(qrCodeBase64);
      else say('Connected.');
      if (qrCodeBase64 ?? pairingCode) poller = new Poller(api.client, QR_PACE, watch, trouble);
    } catch (error) {
      if (mine === turn) fail(error);
    }
    await refresh();
  };

  const showQr = (/** @type {string} */ picture) => {
    const image = place.querySelector('img');
    // Told once: a renewed picture is no news.
    if (image) image.src = picture;
    else {
      const alt = `QR code that links a phone to ${name}`;
      say('Scan the QR code. It renews itself.', make('img', { src: picture, alt, class: 'qr' }));
    }
  };

  const showCode = (/** @type {string} */ code) => {
    const spaced = `${code.slice(0, 4)}-${code.slice(4)}`;
    const spoken = [...code].join(' ');
    const text = make('output', { class: 'pairing', 'aria-label': `Pairing code ${spoken}` }, spaced);
    say('Type this code on the phone: Link with phone number instead.', text);
  };

  const watch = async () => {
    const mine = turn;
    const picture = place.querySelector('img') ? await api.qrPicture(name).catch(noneToShow) : undefined;
    if (mine !== turn) return;
    if (picture !== undefined) {
      showQr(picture);
      return;
    }
    const connection = (await api.instance(name))?.connection;
    if (mine !== turn || connection === undefined) return;
    const { state, lastDisconnect } = connection;
    // While it connects, a pairing code still waits for the phone, and a QR code that is gone has been scanned.
    if (state === 'connecting') {
      if (place.querySelector('img')) say('The phone has scanned the code. Linking …');
      return;
    }
    poller?.stop();
    again.hidden = state === 'connected';
    if (state === 'connected') say('Connected.');
    else say(lastDisconnect ? `${lastDisconnect.reason} (${lastDisconnect.code})` : 'Linking has ended.');
    await refresh();
  };

  /** What passes by itself does not end the linking. */
  const trouble = (/** @type {unknown} */ error) => {
    if (error === undefined) status.textContent = told;
    else if (error instanceof ApiError && (error.status === 0 || error.status === 429))
      status.textContent = error.message;
    else fail(error);
  };

  const fail = (/** @type {unknown} */ error) => {
    poller?.stop();
    again.hidden = false;
    say(errorInWords(error));
  };

  /** The owner of the phone may be elsewhere. */
  const showShare = async () => {
    const mine = ++turn;
    poller?.stop();
    try {
      const { url, expiresAt } = await api.share(name);
      if (mine !== turn) return;
      const input = make('input', { readonly: '', value: url });
      const until = timeInWords(expiresAt);
      say(
        `Send this link to the owner of the phone. It works until ${until}.`,
        make('label', {}, 'Link', input),
      );
      input.select();
      again.hidden = false;
    } catch (error) {
      if (mine === turn) fail(error);
    }
  };

  onSubmit(form, () => begin(String(new FormData(form).get('number'))));
  share.onclick = () => void whileBusy(share, showShare);
  again.onclick = () => void begin();
  close.onclick = () => dialog.close();
  dialog.onclose = () => {
    turn += 1;
    poller?.stop();
    say('');
    form.reset();
    void refresh();
  };
  dialog.showModal();
  void begin();
}

/** @param {unknown} error */
function noneToShow(error) {
  if (error instanceof ApiError && error.code === 'no_qr_code') return undefined;
  throw error;
}
