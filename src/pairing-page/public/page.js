// The script of the pairing page: shows what the server tells, and asks it for a code.
import { PairingEvents } from './pairing-events.js';
import { makeTabs } from './tabs.js';
import { at, copyText, show, text, words } from './document.js';

const FINAL = new Set(['connected', 'expired', 'gone']);
const share = window.location.pathname.replace(/\/+$/, '');
const tabs = makeTabs([at('tab-qr'), at('tab-code')], () => {
  if (phase === 'qr' && !isOffline) say(waitingWords());
});
let phase = 'loading';
let isOffline = false;
let code = '';

const events = new PairingEvents(`${share}/events`, {
  state: render,
  lost: () => {
    isOffline = true;
    say(words('offline'));
  },
  gone: () => render({ phase: 'gone' }),
});

function render(state) {
  const before = phase;
  const focused = document.activeElement;
  phase = state.phase;
  isOffline = false;
  at('page').dataset.phase = phase;
  say(wordsFor(state));
  drawQr(phase === 'qr' ? state.qr : undefined);
  showCode(phase === 'code' ? state.code : '');
  show('show-qr', phase === 'failed' || phase === 'code');
  show('done', phase === 'connected');
  const isOver = FINAL.has(phase);
  show('ways', !isOver && phase !== 'linking');
  show('lead', !isOver);
  show('expiry', !isOver);
  if (phase === 'code' && before !== 'code') tabs.select(at('tab-code'));
  if (phase === 'qr' && before === 'loading') tabs.select(at('tab-qr'));
  // Where what had the focus is gone, keyboard and screen reader go on from here.
  if (at('ways').contains(focused) && at('ways').hidden) at('heading').focus();
  else if (focused === at('show-qr') && at('show-qr').hidden) at('panel-qr').focus();
  if (isOver) events.close();
}

function wordsFor(state) {
  switch (state.phase) {
    case 'connected':
      return state.number ? words('connectedAs', { number: `+${state.number}` }) : words('connected');
    case 'failed':
      return failureWords(state.failure);
    case 'retrying':
      return `${failureWords(state.failure)} ${words('retrying')}`;
    case 'qr':
      return waitingWords();
    case 'idle':
      return words('starting');
    default:
      return words(state.phase);
  }
}

/** The code to scan is out of sight while the other tab is open. */
function waitingWords() {
  return at('panel-code').hidden ? words('qr') : words('number');
}

function failureWords({ reason, code: failureCode }) {
  return words(`failure.${reason}`, { code: failureCode ?? '–' });
}

/** Only what is new is written: a screen reader reads what changes, and a renewed QR code is no news. */
function say(sentence) {
  text('status', sentence);
}

function drawQr(qr) {
  at('qr').toggleAttribute('data-empty', !qr);
  if (qr) at('qr').setAttribute('viewBox', `0 0 ${qr.size} ${qr.size}`);
  at('qr-path').setAttribute('d', qr ? qr.path : '');
}

function showCode(characters) {
  code = characters;
  show('code-box', characters !== '');
  text('code-shown', characters && `${characters.slice(0, 4)}-${characters.slice(4)}`);
  // Letter by letter: otherwise it is read as a word.
  text('code-spelled', [...characters].join(' '));
}

async function post(path, body = {}) {
  const response = await fetch(`${share}/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.ok ? undefined : PROBLEMS[response.headers.get('X-Error-Code')];
}

/** Why linking did not even begin; how it goes on once it has begun is told by the events. */
const PROBLEMS = {
  invalid_body: 'failure.invalid_number',
  invalid_number: 'failure.invalid_number',
  rate_limited: 'failure.too_many_attempts',
  too_many_attempts: 'failure.too_many_attempts',
  pairing_link_invalid: 'gone',
  offline: 'offline',
};

/** Takes one press at a time. The button is not `disabled`, which would take the focus away. */
async function whileBusy(button, work) {
  if (button.getAttribute('aria-disabled') === 'true') return undefined;
  button.setAttribute('aria-disabled', 'true');
  const problem = await work().catch(() => PROBLEMS.offline);
  button.removeAttribute('aria-disabled');
  return problem;
}

at('show-qr').addEventListener('click', async () => {
  const problem = await whileBusy(at('show-qr'), () => post('start'));
  if (problem) say(words(problem));
});

at('number-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const field = at('number');
  text('number-error', '');
  field.removeAttribute('aria-invalid');
  const problem = await whileBusy(at('get-code'), () => post('code', { number: field.value }));
  if (!problem) return;
  text('number-error', words(problem));
  if (problem !== PROBLEMS.invalid_number) return;
  field.setAttribute('aria-invalid', 'true');
  field.focus();
});

at('copy-code').addEventListener('click', async () => {
  if (await copyText(code, at('code-shown'))) say(words('copied'));
});

const expiresAt = at('expires-at');
const { lang } = document.documentElement;
// The language is the page's; how a day is written is the visitor's, who may be British or American.
const locale = navigator.languages.find((one) => one.startsWith(lang)) ?? lang;
expiresAt.textContent = new Date(expiresAt.dateTime).toLocaleString(locale, {
  dateStyle: 'short',
  timeStyle: 'short',
});

events.open();
