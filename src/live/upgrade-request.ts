import type { IncomingMessage } from 'node:http';
import { presentedToken } from '../auth/presented-token.js';

const WEBSOCKET_PATH = /^\/ws(?:[/?]|$)/i;
/** Fields that only make sense to somebody who takes the offer to change the protocol (RFC 9110, section 7.8; RFC 7540, section 3.2). */
const UPGRADE_FIELDS: ReadonlySet<string> = new Set(['upgrade', 'http2-settings']);

/** True for a request to open a WebSocket on the WebSocket path. */
export function isWebSocketUpgrade({ method, headers, url }: IncomingMessage): boolean {
  return (
    method === 'GET' &&
    headers.upgrade?.trim().toLowerCase() === 'websocket' &&
    WEBSOCKET_PATH.test(url ?? '')
  );
}

/**
 * Browsers cannot send headers with a WebSocket, so its token may stand in the address. It is taken out of there at once,
 * because addresses end up in logs; a token in a header wins.
 */
export function moveTokenToHeader(request: IncomingMessage): void {
  const [path = '', query] = splitOnce(request.url ?? '');
  if (query === undefined) return;
  const parameters = new URLSearchParams(query);
  const token = parameters.get('token');
  if (token === null) return;
  parameters.delete('token');
  request.url = parameters.size > 0 ? `${path}?${parameters.toString()}` : path;
  if (presentedToken(request.headers) === undefined) request.headers.token = token;
}

/** The head of the request as it would read without the offer to change the protocol. */
export function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = withoutUpgradeOptions(name, rawHeaders[at + 1] ?? '');
    if (value !== undefined) lines.push(`${name}: ${value}`);
  }
  // Node reads header fields as Latin-1.
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** The value of a field that stays; `undefined` when nothing of it does. */
function withoutUpgradeOptions(name: string, value: string): string | undefined {
  const lowered = name.toLowerCase();
  if (UPGRADE_FIELDS.has(lowered)) return undefined;
  if (lowered !== 'connection') return value;
  const options = value.split(',').map((option) => option.trim());
  return options.filter((option) => !UPGRADE_FIELDS.has(option.toLowerCase())).join(', ') || undefined;
}

function splitOnce(url: string): string[] {
  const at = url.indexOf('?');
  return at === -1 ? [url] : [url.slice(0, at), url.slice(at + 1)];
}
