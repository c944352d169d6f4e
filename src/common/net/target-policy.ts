import { isIP, isIPv6 } from 'node:net';
import { BLOCKED_PORTS } from './blocked-ports.js';
import { isPublicAddress } from './public-address.js';

const MAX_URL_LENGTH = 2048;
const MAX_HOST_LENGTH = 253;
const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Names that never lead out of a machine or a site (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`, and habit). */
const LOCAL_SUFFIXES = [
  'localhost',
  'localdomain',
  'local',
  'internal',
  'intranet',
  'private',
  'corp',
  'home',
  'lan',
  'home.arpa',
];

export interface TargetRules {
  /** Also allow loopback, private and every other address that is not public. */
  readonly allowPrivate: boolean;
}

/** `detail` starts with "url" and never repeats the URL, which may hold a secret. */
export type ParsedTarget =
  { readonly ok: true; readonly url: URL } | { readonly ok: false; readonly detail: string };

/**
 * Decides by its text alone whether a URL may receive events. Hosts are judged as the WHATWG URL parser normalises them, so that
 * `http://2130706433`, `http://0x7f.1` and `http://①②⑦.0.0.1` are all 127.0.0.1. What a name resolves to is decided when the
 * connection is made.
 */
export function parseTarget(text: string, rules: TargetRules): ParsedTarget {
  const fault = faultOfText(text);
  if (fault !== undefined) return refuse(fault);
  if (!URL.canParse(text)) return refuse('is not a valid URL');
  const url = new URL(text);
  if (url.port !== '' && BLOCKED_PORTS.has(Number(url.port))) return refuse('has a port that is not allowed');
  // The dot of the root may be in a URL, but not in a certificate nor in TLS's server name.
  url.hostname = url.hostname.replace(/\.$/, '');
  const hostFault = faultOfHost(withoutBrackets(url.hostname), rules);
  return hostFault === undefined ? { ok: true, url } : refuse(hostFault);
}

/** Looks at the raw text: the parser silently drops line breaks, turns `\` into `/` and forgives missing slashes. */
function faultOfText(text: string): string | undefined {
  if (text === '') return 'is empty';
  if (text.length > MAX_URL_LENGTH) return `is longer than ${MAX_URL_LENGTH} characters`;
  if (/[\s\p{Cc}\\]/u.test(text)) return 'holds a blank, a control character or a backslash';
  const authority = /^https?:\/\/([^/?#]*)/i.exec(text)?.[1];
  if (authority === undefined) return 'must start with http:// or https://';
  if (authority === '') return 'has no host';
  if (authority.includes('@')) return 'must not hold a user name or password';
  if (text.includes('#')) return 'must not have a fragment';
  return undefined;
}

function faultOfHost(host: string, { allowPrivate }: TargetRules): string | undefined {
  if (isIP(host) !== 0) {
    return allowPrivate || isPublicAddress(host) ? undefined : 'points to an address that is not public';
  }
  const labels = host.split('.');
  if (host.length > MAX_HOST_LENGTH || !labels.every((label) => LABEL.test(label)))
    return 'has a malformed host';
  if (allowPrivate) return undefined;
  const isLocal = labels.length === 1 || LOCAL_SUFFIXES.some((suffix) => host.endsWith(`.${suffix}`));
  return isLocal ? 'points to a name of a local network' : undefined;
}

/**
 * Why nothing may connect to this host, judged by its text alone and as the WHATWG URL parser normalises it; `undefined`: it may.
 * @param host without the brackets of an IPv6 address
 */
export function faultOfTarget(host: string, rules: TargetRules): string | undefined {
  const text = `http://${isIPv6(host) ? `[${host}]` : host}`;
  if (!URL.canParse(text)) return 'has a malformed host';
  return faultOfHost(withoutBrackets(new URL(text).hostname.replace(/\.$/, '')), rules);
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}

function refuse(fault: string): ParsedTarget {
  return { ok: false, detail: `url ${fault}` };
}
