import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Clock, Timer } from '../../common/time/clock.js';
import { CodeTimeout, WhatsAppUnreachable } from '../whatsapp.errors.js';
import type { LinkMethod, LinkOffer } from '../whatsapp.gateway.js';
import type { BaileysConnection } from './baileys-connection.js';
import { childrenOf } from './call-stanzas.js';
import { connectFailure } from './connect-failures.js';
import type { Disconnect } from './disconnect-reason.js';

const CODE_TIMEOUT_MS = 60_000;
/** The library does not wait for the server's answer to a request for a code; a refusal comes within this time. */
const CODE_VERDICT_MS = 5_000;

/** One try to link a phone, from the first QR to the phone's consent or the end of the socket. */
export class LinkingAttempt {
  /** Settles with the first thing to show, at most after 60 s. */
  private readonly firstOffer: Promise<LinkOffer>;
  /** The QR payload that is live now; only in QR mode. */
  currentQr: string | undefined;
  paired = false;
  private resolve: (offer: LinkOffer) => void = () => undefined;
  private reject: (error: Error) => void = () => undefined;
  private askedForCode = false;
  private readonly timer: Timer;

  constructor(
    readonly method: LinkMethod,
    private readonly clock: Clock,
    /** The attempt failed while its socket is still there; the socket is of no use any more. */
    private readonly onGivenUp: (disconnect: Disconnect) => void,
  ) {
    this.firstOffer = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.firstOffer.catch(() => undefined); // nobody may be waiting any more when it fails
    this.timer = clock.schedule(CODE_TIMEOUT_MS, () => {
      this.giveUp(new CodeTimeout(), { code: 408, reason: 'No code within 60 seconds' });
    });
  }

  /** What can be shown now, or the first thing that can be, at most after 60 s. */
  get offer(): Promise<LinkOffer> {
    const { currentQr } = this;
    return currentQr === undefined ? this.firstOffer : Promise.resolve({ kind: 'qr', qr: currentQr });
  }

  /** Another socket may take the place of one that has ended: no phone has consented, and no code was given that goes with it. */
  get mayBeginAgain(): boolean {
    return !this.paired && !this.askedForCode;
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

  /** The socket has ended, or will; those who wait for something to show get the error. */
  fail(error: Error): void {
    this.timer.cancel();
    this.currentQr = undefined;
    this.reject(error);
  }

  private giveUp(error: Error, disconnect: Disconnect): void {
    this.fail(error);
    this.onGivenUp(disconnect);
  }

  private settle(offer: LinkOffer): void {
    this.timer.cancel();
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
        this.clock.schedule(CODE_VERDICT_MS, () => resolve(undefined));
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
