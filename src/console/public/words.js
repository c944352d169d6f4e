// @ts-check
/** @typedef {import('./api.js').Connection} Connection */
/** @typedef {import('./api.js').Call} Call */

/** @type {Record<string, string>} */
const STATES = {
  connected: 'Connected',
  connecting: 'Connecting',
  disconnected: 'Not connected',
  loggedout: 'Logged out',
};

/** @type {Record<string, string>} */
const OUTCOMES = {
  completed: 'Completed: rang until its time was over',
  answered: 'Answered: the callee picked up',
  rejected: 'Rejected: the callee declined',
  busy: 'Busy: the callee is in another call',
  unreachable: 'Unreachable: no device of the callee took the call',
  cancelled: 'Cancelled: hung up early',
  refused: 'Refused by WhatsApp',
  failed: 'Failed',
};

/** @type {Record<string, string>} */
const CALL_STATES = {
  offering: 'Offering the call to WhatsApp …',
  calling: 'WhatsApp accepted the call.',
  delivered: 'A device of the callee has received the call.',
  ringing: 'A device of the callee says that it rings.',
};

/** @param {string} state */
export const stateInWords = (state) => STATES[state] ?? state;

/** @param {Pick<Call, 'state' | 'outcome' | 'ringingAt' | 'failureReason'>} call */
export function callInWords(call) {
  if (call.outcome === null) return CALL_STATES[call.state] ?? call.state;
  // That the time is over does not mean that anybody heard it.
  const unheard = call.outcome === 'completed' && call.ringingAt === null;
  const words = unheard
    ? 'Completed: its time was over, no device said that it rang'
    : OUTCOMES[call.outcome];
  const reason = call.failureReason === null ? '' : ` – ${call.failureReason}`;
  return `${words ?? call.outcome}${reason}`;
}

/** @param {unknown} error */
export const errorInWords = (error) => (error instanceof Error ? error.message : String(error));

/** @param {string | null} jid */
export function numberOf(jid) {
  const digits = /^(\d+)(?::\d+)?@s\.whatsapp\.net$/.exec(jid ?? '')?.[1];
  return digits === undefined ? jid : `+${digits}`;
}

const today = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const earlier = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

/** A time in the visitor's own, with the day unless it is today. @param {string} iso */
export function timeInWords(iso) {
  const time = new Date(iso);
  return (time.toDateString() === new Date().toDateString() ? today : earlier).format(time);
}

/** Seconds between two times, as `+0.41 s`. @param {string} from @param {string} to */
export function offset(from, to) {
  return `+${Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000).toFixed(2)} s`;
}
