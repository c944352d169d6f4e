import type { SignalDataTypeMap, SignalKeyStore, WASocket } from '@whiskeysockets/baileys';
import type { Log } from '../../common/logging/log.js';
import type { Clock } from '../../common/time/clock.js';
import type { CalleeQuery } from '../whatsapp.gateway.js';

type TokenRecord = SignalDataTypeMap['tctoken'];

/** Tokens live in buckets of 7 days and are good for 4 of them (WhatsApp Web, 2026 builds). */
const BUCKET_SECONDS = 604_800;
const BUCKETS = 4;

/** The keys of a session, as a socket has them. */
interface KeyHolder {
  readonly authState: { readonly keys: Pick<SignalKeyStore, 'get'> };
}

/** Who gets a token: the bare LID, and the phone-number JID if it is known. */
interface Contact {
  readonly lid: string;
  readonly pn: string | undefined;
}

/**
 * Trusted-contact tokens of one account: those that contacts issued to it, and its own to them. The records are kept as
 * the library keeps them, by the LID of the contact, because its messages use them too.
 */
export class TrustTokens {
  private readonly issuing = new Set<string>();

  constructor(
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** The token that the contact once issued to us, if it is still good. */
  async held(socket: KeyHolder, lid: string): Promise<Uint8Array | undefined> {
    const entry = await read(socket, lid);
    if (!entry?.token.length) return undefined;
    const bucket = bucketOf(Number(entry.timestamp));
    return bucket >= bucketOf(this.nowSeconds()) - (BUCKETS - 1) ? entry.token : undefined;
  }

  /**
   * The callee, as far as a good token is held of theirs. Found from what is stored here, where the library keeps the LIDs of
   * numbers that it has met; nobody is asked. Of several forms of a number the first that it has met counts; those before it
   * stay in the query, because whoever has them now comes first. `undefined`: no token is held.
   */
  async calleeWithToken(socket: KeyHolder, callee: CalleeQuery): Promise<CalleeQuery | undefined> {
    if (callee.kind === 'lid') return (await this.held(socket, `${callee.digits}@lid`)) ? callee : undefined;
    const lids = await socket.authState.keys.get('lid-mapping', [...callee.candidates]);
    const met = callee.candidates.findIndex((digits) => lids[digits]);
    const lid = lids[callee.candidates[met] ?? ''];
    if (!lid || !(await this.held(socket, `${lid}@lid`))) return undefined;
    return { kind: 'number', candidates: callee.candidates.slice(0, met + 1) };
  }

  /**
   * Issues our own token to the contact, at most once for each bucket, as the official client does with a call: the
   * contact's side then knows us. It is written down before it leaves, so that no crash makes it leave twice.
   * Never rejects.
   * @param mayLeave asked when it is about to leave
   */
  async issue(socket: WASocket, contact: Contact, mayLeave: () => boolean): Promise<void> {
    if (this.issuing.has(contact.lid)) return;
    this.issuing.add(contact.lid);
    try {
      await this.issueOnce(socket, contact, mayLeave);
    } catch (err) {
      this.log.debug('A trust token could not be issued', { err });
    } finally {
      this.issuing.delete(contact.lid);
    }
  }

  private async issueOnce(socket: WASocket, { lid, pn }: Contact, mayLeave: () => boolean): Promise<void> {
    const seconds = this.nowSeconds();
    const before = (await read(socket, lid))?.senderTimestamp;
    if (before !== undefined && bucketOf(before) >= bucketOf(seconds)) return;
    await remember(socket, lid, seconds);
    if (!mayLeave()) return remember(socket, lid, before);
    try {
      const toLid = socket.serverProps.lidTrustedTokenIssueToLid || pn === undefined;
      await socket.issuePrivacyTokens([toLid ? lid : pn], seconds);
    } catch (cause) {
      if (isAnswer(cause)) await remember(socket, lid, before);
      throw cause;
    }
  }

  private nowSeconds(): number {
    return Math.floor(this.clock.now().getTime() / 1000);
  }
}

async function read(socket: KeyHolder, lid: string): Promise<TokenRecord | undefined> {
  const { [lid]: entry } = await socket.authState.keys.get('tctoken', [lid]);
  return entry;
}

/** The record keeps the token that we hold, which may have come this very moment. */
async function remember(socket: WASocket, lid: string, senderTimestamp: number | undefined): Promise<void> {
  const { token = Buffer.alloc(0), timestamp } = (await read(socket, lid)) ?? {};
  const isEmpty = token.length === 0 && senderTimestamp === undefined;
  const record = {
    token,
    ...(timestamp !== undefined && { timestamp }),
    ...(senderTimestamp !== undefined && { senderTimestamp }),
  };
  await socket.authState.keys.set({ tctoken: { [lid]: isEmpty ? null : record } });
}

/** The server refused, so nothing was issued; after anything else nobody knows (`assertNodeErrorFree`, Baileys 7.0.0-rc14). */
function isAnswer(cause: unknown): boolean {
  return cause instanceof Error && 'data' in cause && typeof cause.data === 'number';
}

function bucketOf(seconds: number): number {
  return Math.floor(seconds / BUCKET_SECONDS);
}
