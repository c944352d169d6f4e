import type { CalleeQuery } from './whatsapp.gateway.js';

const MIN_DIGITS = 7;
/** E.164 allows 15 digits. */
const MAX_DIGITS = 15;

export type Parsed<T> = ({ readonly ok: true } & T) | { readonly ok: false; readonly detail: string };

/** A phone number in international format; `+ - ( ) .` and spaces are ignored. */
export function parsePhoneNumber(text: string): Parsed<{ readonly digits: string }> {
  const digits = text.replace(/[-+(). ]/g, '');
  if (!/^\d*$/.test(digits)) return { ok: false, detail: 'only digits and + - ( ) . are allowed' };
  if (digits.length < MIN_DIGITS) return { ok: false, detail: `it has fewer than ${MIN_DIGITS} digits` };
  if (digits.length > MAX_DIGITS) return { ok: false, detail: `it has more than ${MAX_DIGITS} digits` };
  return { ok: true, digits };
}

/** A phone number, `<digits>@s.whatsapp.net` or `<digits>@lid`. */
export function parseCallee(text: string): Parsed<{ readonly callee: CalleeQuery; readonly digits: string }> {
  const [user = '', server, ...rest] = text.trim().split('@');
  if (rest.length > 0) return { ok: false, detail: 'it has more than one @' };
  if (server !== undefined && server !== 's.whatsapp.net' && server !== 'lid') {
    return { ok: false, detail: 'only people can be called, not groups, channels or broadcasts' };
  }
  const parsed = parsePhoneNumber(user);
  if (!parsed.ok) return parsed;
  const { digits } = parsed;
  return {
    ok: true,
    digits,
    callee:
      server === 'lid'
        ? { kind: 'lid', digits }
        : { kind: 'number', candidates: [digits, ...brazilianTwin(digits)] },
  };
}

/**
 * Brazilian mobile numbers got a ninth digit (a leading 9) between 2012 and 2016; WhatsApp knows some accounts by the
 * old form only. 55 + area code (2) + 8 or 9 digits: the twin is the other form.
 */
function brazilianTwin(digits: string): string[] {
  const match = /^55(\d{2})(9?)(\d{8})$/.exec(digits);
  if (!match) return [];
  const [, area = '', ninth, subscriber = ''] = match;
  return [ninth ? `55${area}${subscriber}` : `55${area}9${subscriber}`];
}
