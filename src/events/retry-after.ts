/** What a receiver answered; the headers as they came. */
interface Answer {
  readonly status: number;
  readonly retryAfter?: string;
  readonly date?: string;
}

/** The statuses for which RFC 9110 and RFC 6585 know the header. */
const STATUSES = [429, 503];
/** Who asks for more would lose events by a mistake in a header. */
const LONGEST_MS = 60 * 60 * 1000;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const TIME = String.raw`(?<time>\d{2}:\d{2}:\d{2})`;
/** The three forms of a date in RFC 9110, 5.6.7, of which the first is the one in use. */
const DATES = [
  new RegExp(String.raw`^[A-Z][a-z]{2}, (?<day>\d{2}) ${MONTH} (?<year>\d{4}) ${TIME} GMT$`),
  new RegExp(String.raw`^[A-Z][a-z]{5,8}, (?<day>\d{2})-${MONTH}-(?<year>\d{2}) ${TIME} GMT$`),
  new RegExp(String.raw`^[A-Z][a-z]{2} ${MONTH} (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`),
];

/**
 * How long the receiver asks to be left alone; `undefined`: it does not ask, or not in a way that can be understood. A date is
 * compared with the receiver's own clock where it shows it.
 */
export function pauseMsOf({ status, retryAfter = '', date = '' }: Answer, now: Date): number | undefined {
  if (!STATUSES.includes(status)) return undefined;
  const text = retryAfter.trim();
  const until = timeOf(text, now);
  const pauseMs = /^\d+$/.test(text)
    ? Number(text) * 1000
    : until && until - (timeOf(date.trim(), now) ?? now.getTime());
  return pauseMs !== undefined && pauseMs > 0 ? Math.min(pauseMs, LONGEST_MS) : undefined;
}

function timeOf(text: string, now: Date): number | undefined {
  for (const form of DATES) {
    const { day = '', month = '', year = '', time = '' } = form.exec(text)?.groups ?? {};
    if (month === '') continue;
    const monthNumber = String(MONTHS.indexOf(month) + 1).padStart(2, '0');
    const parsed = new Date(`${fullYear(year, now)}-${monthNumber}-${day.trim().padStart(2, '0')}T${time}Z`);
    // A day that the month does not have would be one of the next month.
    return parsed.getUTCDate() === Number(day) ? parsed.getTime() : undefined;
  }
  return undefined;
}

/** Two digits that seem to be more than 50 years ahead are of the past. */
function fullYear(digits: string, now: Date): string {
  if (digits.length !== 2) return digits;
  const century = now.getUTCFullYear() - (now.getUTCFullYear() % 100);
  const year = century + Number(digits);
  return String(year > now.getUTCFullYear() + 50 ? year - 100 : year);
}
