import type { BinaryNode } from '@whiskeysockets/baileys';
import type { IncomingCallRef } from '../whatsapp.gateway.js';
import type { IncomingCallSignal } from '../whatsapp-signals.js';
import { userOf } from './device-jid.js';
import { readIncomingNews, type IncomingCall, type IncomingNews } from './incoming-stanzas.js';

/** Calls that a session remembers, so that repetitions are not told again; the oldest go first. */
const MAX_REMEMBERED = 500;

type WithoutOrigin<T> = T extends IncomingCallSignal ? Omit<T, 'instanceId' | 'at'> : never;
export type IncomingCallNews = WithoutOrigin<IncomingCallSignal>;

/** The account's own addresses. */
interface OwnJids {
  readonly id: string;
  readonly lid?: string;
}

interface Entry {
  readonly call: IncomingCall;
  ended: boolean;
}

/** The calls that people place to one session. Tells the beginning and the end of each once; outlives its sockets. */
export class IncomingCalls {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly isOutgoing: (callId: string) => boolean,
    private readonly tell: (news: IncomingCallNews) => void,
  ) {}

  onCall(node: BinaryNode, own: OwnJids | undefined): void {
    const news = readIncomingNews(node);
    if (!news || this.isOutgoing(news.call.callId) || isOwn(news.call.creator, own)) return;
    const entry = this.entries.get(news.call.callId);
    if (entry) this.onFurtherNews(entry, news, own);
    else this.onFirstNews(news);
  }

  /**
   * Declines a call unless it is known to be over; nothing more is told of it then. A call that an earlier process
   * heard of is declined at the caller's bare address.
   * @param decline sends the answer to a `call-creator`
   */
  async reject(
    { callId, from }: IncomingCallRef,
    decline: (creator: string) => Promise<void>,
  ): Promise<void> {
    const entry = this.entries.get(callId);
    if (entry?.ended) return;
    await decline(entry?.call.creator ?? from);
    if (entry) entry.ended = true;
  }

  private onFirstNews(news: IncomingNews): void {
    const { call, kind } = news;
    if (kind === 'accept' || kind === 'reject') return; // of a call that nobody here has heard of
    this.remember({ call, ended: kind !== 'offer' });
    if (kind === 'offer') this.tell({ type: 'incoming_call', ...described(call) });
    else this.tellEnd(call, kind === 'terminate' ? news.reason : null, false);
  }

  private onFurtherNews(entry: Entry, news: IncomingNews, own: OwnJids | undefined): void {
    if (entry.ended) return;
    switch (news.kind) {
      case 'offer':
      case 'missed':
        return; // a repetition; the end is told by a terminate
      case 'accept':
      case 'reject':
        if (!isOwn(news.sender, own)) return;
        return this.end(entry, news.kind === 'accept' ? 'accepted_elsewhere' : 'rejected_elsewhere');
      case 'terminate':
        return this.end(entry, news.reason);
    }
  }

  private end(entry: Entry, reason: string | null): void {
    entry.ended = true;
    this.tellEnd(entry.call, reason, true);
  }

  private tellEnd(call: IncomingCall, reason: string | null, rang: boolean): void {
    const answeredElsewhere = reason === 'accepted_elsewhere';
    this.tell({ type: 'incoming_call_ended', ...described(call), reason, answeredElsewhere, rang });
  }

  private remember(entry: Entry): void {
    this.entries.set(entry.call.callId, entry);
    const [oldest] = this.entries.keys();
    if (oldest !== undefined && this.entries.size > MAX_REMEMBERED) this.entries.delete(oldest);
  }
}

/** The call without what only the wire needs. */
function described({ callId, from, number, replyTo, isVideo, isGroup, offeredAt }: IncomingCall) {
  return { callId, from, number, replyTo, isVideo, isGroup, offeredAt };
}

/** Any device of the account; a call that its phone places names the phone as `call-creator`. */
function isOwn(jid: string, own: OwnJids | undefined): boolean {
  const users = [own?.id, own?.lid].map((ownJid) => userOf(ownJid ?? ''));
  return users.includes(userOf(jid)) && userOf(jid) !== '';
}
