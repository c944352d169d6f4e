import type { BinaryNode } from '@whiskeysockets/baileys';
import type { CalleeRefusal, CallReport } from '../whatsapp-signals.js';
import type { Ring } from '../whatsapp.gateway.js';
import {
  ELSEWHERE,
  primaryFirst,
  readCalleeNews,
  terminateStanza,
  type CalleeNews,
  type TerminateReason,
} from './call-stanzas.js';
import { deviceLid, deviceOf, isHosted, isSameDevice, userOf } from './device-jid.js';
import { MAX_RINGING_DEVICES } from './offer-acceptance.js';

/**
 * Web and Desktop clients without calling support decline by themselves soon after the offer, once seen after 0.5 s while the
 * phone rang (meowcaller issue 25). As long as the phone does not ring, nobody waits long for what a companion means.
 */
const SYNTHETIC_REJECT_MS = 2_000;
const SYNTHETIC_REJECT_WHILE_RINGING_MS = 5_000;

/** The line to WhatsApp that a call needs; stanza ids come from the live socket. */
export interface CallLine {
  nextStanzaId(): string;
  /** Resolves when the stanza was written, not when it was accepted. */
  send(stanza: BinaryNode): Promise<void>;
}

/**
 * One call on the wire after its offer left: follows its devices and stops them. Rejects are per device until proved
 * otherwise; the server routes a terminate to one device only, so each device that may ring gets its own.
 */
export class OutgoingCall {
  private ended = false;
  /** The device that ended the call; it needs no further stanza. */
  private endedBy: string | undefined;
  /** Why all other devices stop. */
  private dismissal: TerminateReason | undefined;
  private delivered = false;
  private ringing = false;
  private phoneRings = false;
  /** Devices that may ring, by their number. */
  private readonly devices = new Map<number, string>();
  /** Numbers of devices that got a key or have shown themselves: without all of these the call is over. */
  private readonly taking: Set<number>;
  /** Devices that do not ring any more, by their number. */
  private readonly out = new Map<number, CalleeRefusal>();
  private hangingUp: Promise<void> | undefined;

  /** @param offeredAtMs monotonic time at which the offer left */
  constructor(
    readonly ring: Ring,
    private readonly line: CallLine,
    private readonly offeredAtMs: number,
    private readonly report: (report: CallReport) => void,
  ) {
    for (const device of ring.devices) this.devices.set(deviceOf(device), device);
    this.taking = new Set((ring.offered ?? ring.devices).map(deviceOf));
  }

  /**
   * The server rings these too. When the call has ended they are dismissed at once.
   * @param devices device LIDs of the callee
   */
  alsoRings(devices: readonly string[]): void {
    const further = devices.filter((device) => !this.devices.has(deviceOf(device)));
    for (const device of further) this.devices.set(deviceOf(device), device);
    if (this.ended) this.stopQuietly(this.othersThan(this.endedBy, further), this.dismissal);
  }

  /** A device got the offer; it does not prove that anything rings. */
  onReceipt(device: string): void {
    if (this.ended) return;
    this.noteTaking(device);
    if (this.delivered) return;
    this.delivered = true;
    this.report({ type: 'delivered' });
  }

  /** @param nowMs monotonic time */
  onStanza(node: BinaryNode, nowMs: number): void {
    const news = readCalleeNews(node);
    if (!news) return;
    if (this.ended) this.onLateNews(news);
    else this.onNews(news, nowMs);
  }

  /** Stops every device that may still ring. Repeated calls share one attempt; after a failed one the next tries again. */
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
        this.onReceipt(news.device);
        this.phoneRings ||= deviceOf(news.device) === 0;
        if (!this.ringing) {
          this.ringing = true;
          this.report({ type: 'ringing' });
        }
        return;
      case 'accept':
        this.stopQuietly([news.device]);
        return this.end({ type: 'answered' }, news.device, 'accepted_elsewhere');
      case 'reject':
        return this.onReject(news.device, news.reason, nowMs);
      case 'terminate':
        return this.end(
          { type: 'ended_remotely', reason: news.reason },
          news.device,
          ELSEWHERE.find((reason) => reason === news.reason),
        );
    }
  }

  private onReject(device: string, reason: string | null, nowMs: number): void {
    if (reason === null || !['busy', 'uncallable', 'enc', 'tos'].includes(reason)) {
      const withinMs = this.phoneRings ? SYNTHETIC_REJECT_WHILE_RINGING_MS : SYNTHETIC_REJECT_MS;
      const synthetic = deviceOf(device) !== 0 && nowMs - this.offeredAtMs < withinMs;
      if (!synthetic) {
        this.end({ type: 'refused_by_callee', refusal: 'rejected' }, device, 'rejected_elsewhere');
        return;
      }
    }
    this.out.set(deviceOf(device), reason === 'busy' ? 'busy' : 'unreachable');
    if ([...this.taking].some((number) => !this.out.has(number))) return;
    const refusals = [...this.out.values()];
    const refusal = refusals.includes('busy') ? 'busy' : 'unreachable';
    this.end({ type: 'refused_by_callee', refusal }, device);
  }

  /** An answer that crossed our terminate or another answer: the device would sit in a dead call. */
  private onLateNews({ kind, device }: CalleeNews): void {
    if (kind !== 'accept') return;
    const isSecond =
      this.dismissal === 'accepted_elsewhere' && this.othersThan(this.endedBy, [device]).length > 0;
    this.stopQuietly([device], isSecond ? 'accepted_elsewhere' : undefined);
  }

  private end(report: CallReport, by: string, dismissal?: TerminateReason): void {
    this.ended = true;
    this.endedBy = by;
    this.dismissal = dismissal;
    this.report(report);
    this.stopQuietly(this.othersThan(by, this.remaining()), dismissal);
  }

  /** A device that was not known of, such as one that was linked since the look-up, has to be stopped too. */
  private noteTaking(device: string): void {
    const number = deviceOf(device);
    if (!this.devices.has(number)) {
      const [one = ''] = this.ring.devices;
      const isOfCallee = device.endsWith('@lid') && userOf(device) === userOf(one) && !isHosted(device);
      if (!isOfCallee || this.devices.size >= MAX_RINGING_DEVICES) return;
      this.devices.set(number, deviceLid(device));
    }
    this.taking.add(number);
  }

  private remaining(): string[] {
    return [...this.devices].flatMap(([number, device]) => (this.out.has(number) ? [] : [device]));
  }

  private othersThan(one: string | undefined, devices: readonly string[]): string[] {
    return devices.filter((device) => one === undefined || !isSameDevice(device, one));
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
