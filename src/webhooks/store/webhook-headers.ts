import { SealBroken, type SecretBox } from '../../common/crypto/secret-box.js';
import { InvalidRequestBody } from '../../common/http/request.errors.js';
import { webhookHeadersContext } from './sealed-places.js';
import type { WebhookEntity } from './webhook.entity.js';

/** Values by name, in the order in which they are sent. */
export type HeaderValues = readonly (readonly [name: string, value: string])[];

export type HeaderColumns = Pick<WebhookEntity, 'headers' | 'headerNames'>;

export const MAX_HEADERS = 10;
/** Receivers commonly refuse more than 8 or 16 kB of headers altogether. */
const MAX_CHARACTERS = 4096;

/** Stands for a value, which is never shown. */
export const VALUE_MASK = '***';

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const PRINTABLE = /^[\x20-\x7e]*$/;
/** What may stand in a message; a longer or stranger name is not repeated. */
const PLAIN_NAME = /^[A-Za-z0-9-]{1,64}$/;

/** They concern one connection, frame the request, or are set by the product itself. */
const RESERVED = new Set([
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
  'host',
  'user-agent',
]);
const RESERVED_PREFIXES = ['proxy-', 'content-', 'webhook-'];

export const NO_HEADERS: HeaderColumns = { headers: null, headerNames: [] };

/** Why these cannot be the headers of a webhook, in words that follow the name of the field; `undefined` = they can. */
export function faultOfHeaders(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object';
  const headers = Object.entries(value);
  if (headers.length > MAX_HEADERS) return `must have at most ${MAX_HEADERS} names`;
  for (const [name, text] of headers) {
    const fault = faultOfHeader(name, text);
    if (fault !== undefined) return `${fault}${PLAIN_NAME.test(name) ? ` (${name})` : ''}`;
  }
  const names = headers.map(([name]) => name.toLowerCase());
  if (new Set(names).size < names.length) return 'must have each name once, whatever its case';
  if (headers.flat().join('').length > MAX_CHARACTERS)
    return `must have at most ${MAX_CHARACTERS} characters, names and values together`;
  return undefined;
}

function faultOfHeader(name: string, value: unknown): string | undefined {
  const lower = name.toLowerCase();
  if (!TOKEN.test(name) || lower === '__proto__') return 'has a name that no HTTP header can have';
  if (lower === 'authorization') return 'must not have authorization, which has a field of its own';
  if (RESERVED.has(lower) || RESERVED_PREFIXES.some((prefix) => lower.startsWith(prefix)))
    return 'has a name that belongs to the connection, the content or the signature';
  if (typeof value !== 'string' || !PRINTABLE.test(value))
    return 'must have strings of printable ASCII characters as values';
  return undefined;
}

/** The headers of a webhook, in clear. @throws SealBroken */
export function openHeaders(
  { instanceId, label, headers }: Pick<WebhookEntity, 'instanceId' | 'label' | 'headers'>,
  secrets: SecretBox,
): HeaderValues {
  if (!headers) return [];
  return JSON.parse(secrets.openText(headers, webhookHeadersContext(instanceId, label))) as HeaderValues;
}

/**
 * What a change puts into the row. A value that is the mask stands for the stored one, so that what a list showed can be sent
 * back.
 * @param before headers that may go on to the receiver as it is after the change
 * @throws InvalidRequestBody
 */
export function sealedHeaders(
  instanceId: string,
  label: string,
  given: Readonly<Record<string, string>>,
  before: Pick<WebhookEntity, 'instanceId' | 'label' | 'headers'> | null,
  secrets: SecretBox,
): HeaderColumns {
  const entries = Object.entries(given).map(([name, value]) => [name, value.trim()] as const);
  if (entries.length === 0) return NO_HEADERS;
  const isMasked = entries.some(([, value]) => value === VALUE_MASK);
  const stored = new Map(
    before && isMasked ? readable(before, secrets).map(([name, value]) => [name.toLowerCase(), value]) : [],
  );
  const values = entries.map(([name, value]) => {
    const known = value === VALUE_MASK ? stored.get(name.toLowerCase()) : value;
    if (known === undefined)
      throw new InvalidRequestBody(`headers has a masked value where none is stored: give all values`);
    return [name, known] as const;
  });
  return {
    headers: secrets.sealText(JSON.stringify(values), webhookHeadersContext(instanceId, label)),
    headerNames: values.map(([name]) => name),
  };
}

function readable(
  before: Pick<WebhookEntity, 'instanceId' | 'label' | 'headers'>,
  secrets: SecretBox,
): HeaderValues {
  try {
    return openHeaders(before, secrets);
  } catch (error) {
    if (error instanceof SealBroken) return [];
    throw error;
  }
}
