// @ts-check
import { errorInWords } from './words.js';

/**
 * A new element. Text is always text, never markup.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children.filter((child) => child !== null));
  return element;
}

/**
 * A button whose action runs once at a time; what fails is told to the user. `key` names it among its neighbours.
 * @param {string} label
 * @param {string} key
 * @param {() => Promise<unknown>} action
 * @param {string} spoken the label for those who hear the page and not what stands around the button
 * @param {string} [kind] CSS class
 */
export function button(label, key, action, spoken, kind = '') {
  const attributes = { type: 'button', class: kind, 'data-key': key, 'aria-label': spoken };
  const made = make('button', attributes, label);
  made.onclick = () => void whileBusy(made, action);
  return made;
}

/**
 * Runs an action when a form is sent, once at a time.
 * @param {HTMLFormElement} form
 * @param {() => Promise<unknown>} action
 */
export function onSubmit(form, action) {
  form.onsubmit = (event) => {
    event.preventDefault();
    const submit = form.querySelector('button');
    if (submit) void whileBusy(submit, action);
  };
}

/** @param {string} kind CSS class @param {string} words */
export function badge(kind, words) {
  return make('span', { class: `badge ${kind}` }, words);
}

/**
 * @param {HTMLButtonElement} one disabled meanwhile
 * @param {() => Promise<unknown>} action
 */
export async function whileBusy(one, action) {
  // Not `disabled`, which would take the focus away.
  if (one.getAttribute('aria-disabled') === 'true') return;
  one.setAttribute('aria-disabled', 'true');
  tellError(undefined);
  try {
    await action();
  } catch (error) {
    tellError(error);
  } finally {
    one.removeAttribute('aria-disabled');
  }
}

/** @type {WeakMap<Element, string>} */
const shown = new WeakMap();

/**
 * Builds the children of an element anew, only when their data changed, and keeps the focus on the button that had it.
 * @param {HTMLElement} element
 * @param {unknown} data
 * @param {() => Node[]} build
 */
export function renew(element, data, build) {
  const print = JSON.stringify(data);
  if (shown.get(element) === print) return;
  shown.set(element, print);
  const focused = document.activeElement;
  const key = element.contains(focused) ? focused?.getAttribute('data-key') : undefined;
  element.replaceChildren(...build());
  if (key) [...element.querySelectorAll('button')].find((one) => one.dataset.key === key)?.focus();
}

/** Empties what `renew` filled. @param {HTMLElement} element */
export function empty(element) {
  shown.delete(element);
  element.replaceChildren();
}

/**
 * @template {HTMLElement} T
 * @param {string} id of an element in the page
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new Error(`The page has no ${type.name} ${id}`);
}

/** @param {unknown} error `undefined` = there is none any more */
export function tellError(error) {
  byId('alert', HTMLElement).textContent = error === undefined ? '' : errorInWords(error);
}

/** @param {string} text */
export function tell(text) {
  byId('status', HTMLElement).textContent = text;
}

/**
 * A table with a heading for each column; without rows the words for "nothing".
 * @param {string[]} headings
 * @param {(Node | string)[][]} rows
 * @param {string} nothing
 */
export function table(headings, rows, nothing) {
  if (rows.length === 0) return make('p', { class: 'hint' }, nothing);
  const head = make('tr', {}, ...headings.map((heading) => make('th', { scope: 'col' }, heading)));
  const body = rows.map((cells) => make('tr', {}, ...cells.map((cell) => make('td', {}, cell))));
  return make('table', {}, make('thead', {}, head), make('tbody', {}, ...body));
}

/**
 * Asks in a dialog before something that cannot be undone.
 * @param {string} question
 * @param {string} yes what the button says
 * @returns {Promise<boolean>}
 */
export function confirmed(question, yes) {
  const dialog = byId('confirm', HTMLDialogElement);
  const accept = byId('confirm-yes', HTMLButtonElement);
  byId('confirm-text', HTMLElement).textContent = question;
  accept.textContent = yes;
  dialog.returnValue = '';
  accept.onclick = () => dialog.close('yes');
  byId('confirm-no', HTMLButtonElement).onclick = () => dialog.close();
  dialog.showModal();
  return new Promise((resolve) =>
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true }),
  );
}
