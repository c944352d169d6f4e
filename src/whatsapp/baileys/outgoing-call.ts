import type { BinaryNode } from '@whiskeysockets/baileys';
import type { CalleeRefusal } from '../whatsapp-signals.js';
import type { Ring } from '../whatsapp.gateway.js';
import {
  primaryFirst,
  readCalleeNews,
  terminateStanza,
  type CalleeNews,
  type TerminateReason,
} from './call-stanzas.js';
import { deviceOf, isSameDevice } from './device-jid.js';

/** Web and Desktop clients without calling support decline by themselves within this time of the offer. */
const SYNTHETIC_REJECT_MS = 2_000;

/** What became of a call, after all devices were considered. */
export type CallNews =
  | { readonly type: 'call_delivered' | 'call_ringing' | 'call_answered' }
  | { readonly type: 'call_refused_by_callee'; readonly refusal: CalleeRefusal }
  | { readonly type: 'call_ended_remotely'; readonly reason: string | null };

/** The line to WhatsApp that a call needs; stanza ids come from the live socket. */
export interface CallLine {
  nextStanzaId(): string;
  /** Resolves when the stanza was written, not when it was accepted. */
  send(stanza: BinaryNode): Promise<void>;
}

/**
 * One call on the wire after its offer left: follows its devices and stops them. Rejects are per device until proved
 * otherwise; the server routes a terminate to one device only, so each rung device gets its own.
 */
export class OutgoingCall {
  private ended = false;
  private answeredBy: string | undefined;
  private delivered = false;
  private ringing = false;
  private readonly out = new Map<string, CalleeRefusal>();
  private hangingUp: Promise<void> | undefined;

  /** @param offeredAtMs monotonic time at which the offer left */
  constructor(
    readonly ring: Ring,
    private readonly line: CallLine,
    private readonly offeredAtMs: number,
    private readonly tell: (news: CallNews) => void,
  ) {}

  /** A device got the offer; it does not prove that anything rings. */
  onReceipt(): void {
    if (this.ended || this.delivered) return;
    this.delivered = true;
    this.tell({ type: 'call_delivered' });
  }

  /** @param nowMs monotonic time */
  onStanza(node: BinaryNode, nowMs: number): void {
    const news = readCalleeNews(node);
    if (!news) return;
    if (this.ended) this.onLateNews(news);
    else this.onNews(news, nowMs);
  }

  /** Stops every device that still rings. Repeated calls share one attempt; after a failed one the next tries again. */
  hangUp(): Promise<void> {
    this.ended = true;
    this.hangingUp ??= this.terminate(this.remaining()).catch((cause: unknown) => {
      this.hangingUp = undefined;
      throw cause;
    });
    return this.hangingUp;
  }

  private onNews(news: CalleeNews, nowMs: number): void {
    switch (news.kind) {
      case 'preaccept':
        this.onReceipt();
        if (!this.ringing) {
          this.ringing = true;
          this.tell({ type: 'call_ringing' });
        }
        return;
      case 'accept':
        this.answeredBy = news.device;
        this.end({ type: 'call_answered' });
        this.stopQuietly([news.device]);
        this.stopQuietly(this.othersThan(news.device), 'accepted_elsewhere');
        return;
      case 'reject':
        return this.onReject(news.device, news.reason, nowMs);
      case 'terminate':
        this.end({ type: 'call_ended_remotely', reason: news.reason });
        this.stopQuietly(this.othersThan(news.device));
        return;
    }
  }

  private onReject(device: string, reason: string | null, nowMs: number): void {
    if (reason === null || !['busy', 'uncallable', 'enc', 'tos'].includes(reason)) {
      const synthetic = deviceOf(device) !== 0 && nowMs - this.offeredAtMs < SYNTHETIC_REJECT_MS;
      if (!synthetic) {
        this.end({ type: 'call_refused_by_callee', refusal: 'rejected' });
        this.stopQuietly(this.othersThan(device), 'rejected_elsewhere');
        return;
      }
    }
    this.out.set(String(deviceOf(device)), reason === 'busy' ? 'busy' : 'unreachable');
    if (this.remaining().length > 0) return;
    const refusals = [...this.out.values()];
    this.end({ type: 'call_refused_by_callee', refusal: refusals.includes('busy') ? 'busy' : 'unreachable' });
  }

  /** An answer that crossed our terminate or another answer: the device would sit in a dead call. */
  private onLateNews({ kind, device }: CalleeNews): void {
    if (kind !== 'accept') return;
    const second = this.answeredBy !== undefined && !isSameDevice(this.answeredBy, device);
    this.stopQuietly([device], second ? 'accepted_elsewhere' : undefined);
  }

  private end(news: CallNews): void {
    this.ended = true;
    this.tell(news);
  }

  private remaining(): string[] {
    return this.ring.devices.filter((device) => !this.out.has(String(deviceOf(device))));
  }

  private othersThan(device: string): string[] {
    return this.remaining().filter((other) => !isSameDevice(other, device));
  }

  /** The call is over whatever becomes of these; a socket that is gone leaves devices to their own time-out. */
  private stopQuietly(devices: readonly string[], reason?: TerminateReason): void {
    this.terminate(devices, reason).catch(() => undefined);
  }

  private async terminate(devices: readonly string[], reason?: TerminateReason): Promise<void> {
    const { callId, creator } = this.ring;
    const stanzas = primaryFirst(devices).map((device) =>
      terminateStanza({ stanzaId: this.line.nextStanzaId(), callId, creator, device, reason }),
    );
    await Promise.all(stanzas.map((stanza) => this.line.send(stanza)));
  }
}
