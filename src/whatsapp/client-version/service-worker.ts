import type { IncomingMessage } from 'node:http';
import https, { type Agent } from 'node:https';
import { errorCodeOf } from '../../common/errors/error-code.js';
import type { Clock } from '../../common/time/clock.js';
import { revisionIn } from './client-version.js';

const ADDRESS = new URL('https://web.whatsapp.com/sw.js');
const TIME_LIMIT_MS = 10_000;
/** The file has some 100 kB (2026 builds). */
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_REDIRECTS = 3;
/** WhatsApp serves the file to browsers only. */
const HEADERS = {
  'User-Agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36',
  Accept: '*/*',
  'Accept-Encoding': 'identity',
  'Sec-Fetch-Site': 'none',
};
/** Given with each request, TLS cannot be weakened by NODE_TLS_REJECT_UNAUTHORIZED or --tls-min-v1.0. */
const TLS = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;

/** The revision could not be learned; the message says why. */
export class RevisionUnknown extends Error {}

/**
 * Asks WhatsApp Web for its service worker and reads the client revision in it. Takes at most 10 s and reads at most 2 MB.
 * @param agent the way there, destroyed at the end
 * @throws RevisionUnknown
 */
export async function askForRevision(agent: Agent, clock: Clock, signal: AbortSignal): Promise<number> {
  const tooLate = new AbortController();
  const timer = clock.schedule(TIME_LIMIT_MS, () => tooLate.abort());
  try {
    const revision = revisionIn(await read(agent, AbortSignal.any([signal, tooLate.signal])));
    if (revision === undefined) throw new RevisionUnknown('the answer names no client revision');
    return revision;
  } catch (cause) {
    if (tooLate.signal.aborted) throw new RevisionUnknown('no answer within 10 seconds', { cause });
    if (cause instanceof RevisionUnknown) throw cause;
    throw new RevisionUnknown(errorCodeOf(cause) ?? 'the connection failed', { cause });
  } finally {
    timer.cancel();
    agent.destroy();
  }
}

async function read(agent: Agent, signal: AbortSignal): Promise<string> {
  let address = ADDRESS;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const response = await get(address, agent, signal);
    const { statusCode = 0 } = response;
    if (statusCode === 200) return textOf(response);
    response.destroy();
    const { location } = response.headers;
    if (statusCode < 300 || statusCode >= 400 || location === undefined)
      throw new RevisionUnknown(`HTTP status ${statusCode}`);
    address = new URL(location, address);
    if (address.origin !== ADDRESS.origin) throw new RevisionUnknown('redirected to another host');
  }
  throw new RevisionUnknown('too many redirects');
}

function get(address: URL, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    https.get(address, { agent, signal, headers: HEADERS, ...TLS }, resolve).on('error', reject);
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    bytes += chunk.length;
    // The rest is not read: leaving the loop ends the connection.
    if (bytes >= MAX_BYTES) break;
  }
  return Buffer.concat(chunks).toString('latin1', 0, MAX_BYTES);
}
