import type { WebhookRequest } from './webhook-sender.js';

/** Characters of an answer that are shown. */
const MAX_SHOWN = 1000;
/** More than is shown, so that no secret is cut in two where the search for it would end. */
export const KEPT_BYTES = 32 * 1024;

/** Shorter ones are too common in any text: taking them out would make it unreadable. */
const MIN_SECRET = 4;
const MIN_PATH_PART = 8;
const MASK = '***';
/** What the caller is shown anyway, or is no secret. */
const OPEN_HEADERS = ['webhook-id', 'webhook-timestamp'];
/** Control and format characters, line breaks included: an answer is shown in one line. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/**
 * The beginning of a receiver's answer as text. Receivers that echo the request show its secrets, which whoever asks for a test
 * need not know: they are taken out.
 * @param signingSecrets of the webhook, in clear
 */
export function shownAnswer(
  head: Buffer,
  request: Pick<WebhookRequest, 'url' | 'headers'>,
  signingSecrets: readonly string[],
): string {
  let text = new TextDecoder().decode(head);
  for (const secret of spellings([...secretsIn(request), ...signingSecrets]))
    text = text.replaceAll(secret, MASK);
  return [...text.replace(UNPRINTABLE, ' ').trim()].slice(0, MAX_SHOWN).join('');
}

function secretsIn({ url, headers }: Pick<WebhookRequest, 'url' | 'headers'>): string[] {
  const { pathname, search, searchParams } = new URL(url);
  const { authorization = '' } = headers;
  const values = Object.entries(headers).flatMap(([name, value]) =>
    OPEN_HEADERS.includes(name) ? [] : [value],
  );
  const [, credentials = ''] = /^\S+\s+(.*)$/.exec(authorization) ?? [];
  const basic = /^basic\s/i.test(authorization) ? Buffer.from(credentials, 'base64').toString('utf8') : '';
  return [
    `${pathname}${search}`,
    pathname,
    search,
    ...pathname.split('/').filter((part) => part.length >= MIN_PATH_PART),
    ...searchParams.values(),
    credentials,
    basic,
    basic.slice(basic.indexOf(':') + 1),
    ...values,
  ].filter((secret) => secret.length >= MIN_SECRET);
}

/** As they stand in text, in JSON, in an address and decoded from one; the longest first, because one may be a part of another. */
function spellings(secrets: readonly string[]): string[] {
  const all = secrets.flatMap((secret) => [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    decoded(secret),
  ]);
  return [...new Set(all)].sort((one, other) => other.length - one.length);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
