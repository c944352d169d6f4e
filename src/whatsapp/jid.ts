import { formsOf } from './number-forms.js';
import { parseLid, parsePhoneNumber, withoutSpaces, type Parsed } from './phone-number.js';
import type { CalleeQuery } from './whatsapp.gateway.js';

/** What the part after the @ says of the one before it. `c.us` is the older name of `s.whatsapp.net`. */
const PEOPLE: ReadonlyMap<string, CalleeQuery['kind']> = new Map([
  ['s.whatsapp.net', 'number'],
  ['c.us', 'number'],
  ['lid', 'lid'],
]);

const MANY = 'only people can be called, not groups, channels or broadcasts';
const HOSTED =
  'this is a device of the WhatsApp Business Platform, which takes no calls; use the phone number';
const ELSEWHERE = 'this person is not on WhatsApp but on a service that is connected with it';

/** Servers of WhatsApp behind which nobody can be called (Baileys 7.0.0-rc14, whatsmeow). */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ['g.us', MANY],
  ['newsletter', MANY],
  ['broadcast', MANY],
  ['bot', 'this is a bot, and only people can be called'],
  ['hosted', HOSTED],
  ['hosted.lid', HOSTED],
  ['msgr', ELSEWHERE],
  ['interop', ELSEWHERE],
]);

/** A device of a user: `_agent` or, before a device only, `.agent`; then `:device`. */
const DEVICE = /(?:_\d{1,3})?(?::\d{1,5})?$/;
const AGENT = /(?<=^\d+)\.\d{1,3}(?=:\d)/;

/** A phone number, `<digits>@s.whatsapp.net`, `<digits>@c.us` or `<digits>@lid`, each also with the suffix of a device. */
export function parseCallee(text: string): Parsed<{ readonly callee: CalleeQuery; readonly digits: string }> {
  const [user = '', server, ...rest] = text.split('@');
  if (rest.length > 0) return { ok: false, detail: 'it has more than one @' };
  if (server === undefined) return calleeOf('number', user);
  const name = withoutSpaces(server).toLowerCase();
  const kind = PEOPLE.get(name);
  if (kind === undefined) {
    const detail = OTHERS.get(name) ?? 'what follows the @ must be s.whatsapp.net, c.us or lid';
    return { ok: false, detail };
  }
  return calleeOf(kind, user.replace(AGENT, '').replace(DEVICE, ''));
}

function calleeOf(kind: CalleeQuery['kind'], user: string): ReturnType<typeof parseCallee> {
  const parsed = kind === 'lid' ? parseLid(user) : parsePhoneNumber(user);
  if (!parsed.ok) return parsed;
  const { digits } = parsed;
  const callee: CalleeQuery = kind === 'lid' ? { kind, digits } : { kind, candidates: formsOf(digits) };
  return { ok: true, digits, callee };
}
