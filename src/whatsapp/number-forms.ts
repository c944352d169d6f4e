import { parsePhoneNumberFromString } from 'libphonenumber-js/max';

/** A country in which WhatsApp knows some people by one form of their mobile number and some by another. */
interface TwoForms {
  readonly callingCode: string;
  /** The shorter form of such a mobile number, without the calling code. */
  readonly shorter: RegExp;
  /** The longer form has this digit ... */
  readonly digit: string;
  /** ... before so many others. */
  readonly at: number;
}

const TWO_FORMS: readonly TwoForms[] = [
  // Brazil: mobiles, which began with 6 to 9, got a 9 in front between 2012 and 2016 (Anatel, resolution 553/2010). WhatsApp
  // went on with the old form of those who had an account then. Landlines begin with 2 to 5 and were left as they are.
  { callingCode: '55', shorter: /^[1-9]{2}[6-9]\d{7}$/, digit: '9', at: 2 },
  // Mexico: the 1 before mobile numbers went away in August 2019 (IFT, plan técnico fundamental de numeración), and WhatsApp
  // still has both (WhatsApp help, article 1294841057948784; Chatwoot issue 14048). Area codes begin with 2 to 9.
  { callingCode: '52', shorter: /^[2-9]\d{9}$/, digit: '1', at: 0 },
  // Argentina: mobile numbers have a 9 before the area code for calls from abroad, and none for texts; WhatsApp asks for it
  // (article 1294841057948784), but has accounts without (Chatwoot issue 11053). Area codes are 11, or begin with 2 or 3.
  { callingCode: '54', shorter: /^(?:11|[23]\d)\d{8}$/, digit: '9', at: 0 },
];

/** Kinds of numbers of one line; all others, such as toll-free ones, have one form. `undefined` = the metadata knows none. */
const LINES = [undefined, 'MOBILE', 'FIXED_LINE', 'FIXED_LINE_OR_MOBILE'];

/**
 * A number as given, then the other form by which WhatsApp may know the same line. Whether the number is assigned is left
 * to WhatsApp: the metadata lags behind, and must not keep anybody from being called.
 * @param digits in international format
 */
export function formsOf(digits: string): readonly string[] {
  const rule = TWO_FORMS.find(({ callingCode }) => digits.startsWith(callingCode));
  const parsed = rule && parsePhoneNumberFromString(`+${digits}`);
  if (!rule || !parsed || !LINES.includes(parsed.getType())) return [digits];
  // Not what the library takes for the national number, from which it may have dropped digits.
  const other = otherForm(digits.slice(rule.callingCode.length), rule);
  return other === undefined ? [digits] : [digits, rule.callingCode + other];
}

function otherForm(national: string, { shorter, digit, at }: TwoForms): string | undefined {
  const [before, after] = [national.slice(0, at), national.slice(at)];
  if (shorter.test(national)) return before + digit + after;
  const without = before + after.slice(1);
  return after.startsWith(digit) && shorter.test(without) ? without : undefined;
}
