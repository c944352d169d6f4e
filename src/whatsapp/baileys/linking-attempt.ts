import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Clock, Timer } from '../../common/time/clock.js';
import { LONGEST_LINKING_MS, type LinkingPlaces } from '../linking-places.js';
import { CodeTimeout, LinkingCancelled, WhatsAppUnreachable } from '../whatsapp.errors.js';
import type { LinkMethod, LinkOffer } from '../whatsapp.gateway.js';
import type { BaileysConnection } from './baileys-connection.js';
import { childrenOf } from './call-stanzas.js';
import { connectFailure } from './connect-failures.js';
import { LINK_CODE_EXPIRED, type Disconnect } from './disconnect-reason.js';

const CODE_TIMEOUT_MS = 60_000;
/** Of these 60 s; the rest is for WhatsApp to send a code. */
const LONGEST_WAIT_FOR_PLACE_MS = 50_000;
/** The library does not wait for the server's answer to a request for a code; a refusal comes within this time. */
const CODE_VERDICT_MS = 5_000;

const NOBODY_WAITS: Disconnect = { code: 428, reason: 'Nobody waited for the code any more' };

export interface AttemptTools {
  readonly clock: Clock;
  readonly linkingPlaces: LinkingPlaces;
}

export interface AttemptEvents {
  /** The attempt has its place: now a socket is to be opened for it. */
  begin(): void;
  /** The attempt failed while its socket is still there, which is of no use any more; `undefined`: no socket was opened for it. */
  givenUp(disconnect: Disconnect | undefined): void;
}

/** One try to link a phone, from the wait for a place to the phone's consent or the end of the socket. */
export class LinkingAttempt {
  /** Settles with the first thing to show, at most after 60 s. */
  private readonly firstOffer: Promise<LinkOffer>;
  /** The QR payload that is live now; only in QR mode. */
  currentQr: string | undefined;
  /** The phone has consented. */
  private isPaired = false;
  private resolve: (offer: LinkOffer) => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;
  private askedForCode = false;
  private waiting = 0;
  private hasOffer = false;
  private hasPlace = false;
  private readonly timer: Timer;
  /** Aborted when the attempt is over, or the phone has consented: it then makes room for another one. */
  private readonly over = new AbortController();

  constructor(
    readonly method: LinkMethod,
    accountId: string,
    private readonly tools: AttemptTools,
    private readonly events: AttemptEvents,
  ) {
    this.firstOffer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.firstOffer.catch(() => undefined); // nobody may be waiting any more when it fails
    this.timer = tools.clock.schedule(CODE_TIMEOUT_MS, () => {
      this.giveUp(new CodeTimeout(), { code: 408, reason: 'No code within 60 seconds' });
    });
    void this.begin(accountId);
  }

  get paired(): boolean {
    return this.isPaired;
  }

  /** It waits for its place, and no socket is open yet. */
  get isQueued(): boolean {
    return !this.hasPlace && !this.over.signal.aborted;
  }

  /**
   * The first thing to show, or what can be shown now, for somebody who may leave before there is anything. An attempt that has
   * nothing to show, and nobody to show it to, ends: whoever comes later must not join one that is stuck.
   */
  wait(left?: AbortSignal): Promise<LinkOffer> {
    const { currentQr } = this;
    const offer =
      currentQr === undefined ? this.firstOffer : Promise.resolve({ kind: 'qr', qr: currentQr } as const);
    this.waiting += 1;
    const leave = (): void => {
      this.waiting -= 1;
      if (this.waiting === 0 && !this.hasOffer) this.giveUp(new LinkingCancelled(), NOBODY_WAITS);
    };
    if (left?.aborted) leave();
    left?.addEventListener('abort', leave);
    const stopListening = (): void => left?.removeEventListener('abort', leave);
    offer.then(stopListening, stopListening);
    return offer;
  }

  /** Another socket may take the place of one that has ended: no phone has consented, and no code was given that goes with it. */
  get mayBeginAgain(): boolean {
    return !this.isPaired && !this.askedForCode;
  }

  isFor(method: LinkMethod): boolean {
    if (method.kind === 'qr') return this.method.kind === 'qr';
    return this.method.kind === 'code' && this.method.number === method.number;
  }

  onQr(qr: string, connection: BaileysConnection): void {
    if (this.method.kind === 'qr') {
      this.currentQr = qr;
      this.settle({ kind: 'qr', qr });
    } else if (!this.askedForCode) {
      this.askedForCode = true;
      void this.askForCode(this.method.number, connection);
    }
  }

  pair(): void {
    this.isPaired = true;
    this.over.abort();
  }

  /** The end of its socket, in the words of this way to link. */
  endOf(disconnect: Disconnect): Disconnect {
    return disconnect.cause === 'link_code_expired' ? LINK_CODE_EXPIRED[this.method.kind] : disconnect;
  }

  /** The socket has ended, or will; those who wait for something to show get the error. */
  fail(error: Error): void {
    this.timer.cancel();
    this.over.abort(error);
    this.currentQr = undefined;
    this.reject(error);
  }

  private async begin(accountId: string): Promise<void> {
    const { clock, linkingPlaces } = this.tools;
    const { signal } = this.over;
    try {
      const giveBack = await linkingPlaces.take(accountId, LONGEST_WAIT_FOR_PLACE_MS, signal);
      if (signal.aborted) return giveBack();
      const expiry = clock.schedule(LONGEST_LINKING_MS, () => {
        const expired = LINK_CODE_EXPIRED[this.method.kind];
        this.giveUp(new WhatsAppUnreachable(expired.reason), expired);
      });
      signal.addEventListener('abort', () => {
        expiry.cancel();
        giveBack();
      });
      this.hasPlace = true;
      this.events.begin();
    } catch (error) {
      // An attempt that is over has said why.
      if (!signal.aborted) this.giveUp(error as Error, NOBODY_WAITS);
    }
  }

  private giveUp(error: Error, disconnect: Disconnect): void {
    if (this.over.signal.aborted) return;
    const { hasPlace } = this;
    this.fail(error);
    this.events.givenUp(hasPlace ? disconnect : undefined);
  }

  private settle(offer: LinkOffer): void {
    this.timer.cancel();
    this.hasOffer = true;
    this.resolve(offer);
  }

  private refused(iq: BinaryNode): void {
    const attrs = childrenOf(iq).find(({ tag }) => tag === 'error')?.attrs;
    const disconnect = { code: Number(attrs?.code ?? 400), reason: attrs?.text ?? 'no reason given' };
    this.giveUp(connectFailure(disconnect), disconnect);
  }

  private async askForCode(number: string, { socket }: BaileysConnection): Promise<void> {
    try {
      const verdict = new Promise<BinaryNode | undefined>((resolve) => {
        socket.ws.once('CB:iq,type:error', resolve);
        socket.ws.once('CB:iq,type:result,link_code_companion_reg', () => resolve(undefined));
        this.tools.clock.schedule(CODE_VERDICT_MS, () => resolve(undefined));
      });
      const code = await socket.requestPairingCode(number);
      const refusal = await verdict;
      if (refusal) this.refused(refusal);
      else this.settle({ kind: 'code', code });
    } catch {
      const reason = 'the connection was lost';
      this.giveUp(new WhatsAppUnreachable(reason), { code: 428, reason });
    }
  }
}
