import type { Log } from '../common/logging/log.js';
import type { Clock, Timer } from '../common/time/clock.js';
import type { SessionSignal } from '../whatsapp/whatsapp-signals.js';
import type { InstanceEntity } from '../instances/instance.entity.js';
import type { LinkMethod, LinkOffer } from '../whatsapp/whatsapp.gateway.js';
import type { AttemptBudget } from './attempt-budget.js';
import { failureOfError } from './link-failure.js';
import type { PairingViewer } from './pairing-viewer.js';
import { nextPairingState, numberOf, type PairingState } from './pairing-state.js';
import { drawQr } from './qr-drawing.js';
import type { PhoneLinking } from './phone-linking.js';
import { PairingLinkInvalid, TooManyViewers } from './pairing.errors.js';

const MAX_VIEWERS = 20;
/** A reload or a change of network comes back within this time. */
const LINGER_MS = 15_000;
/**
 * Who links the phone that shows the page leaves it for WhatsApp to type the code, and phones cut the connections of
 * pages that nobody sees. WhatsApp takes the code back by itself before this time is over.
 */
const LINGER_WITH_CODE_MS = 180_000;

/** What a room works with. */
export interface PairingTools {
  readonly linking: PhoneLinking;
  readonly budget: AttemptBudget;
  readonly clock: Clock;
  readonly log: Log;
}

/** Everybody who looks at the page of one instance, and the one attempt that they share. */
export class PairingRoom {
  private state: PairingState = { phase: 'idle' };
  private readonly viewers = new Set<PairingViewer>();
  private attempts = 0;
  /** False: linking was under way before the page came, and is not the page's to stop. */
  private isOurs = false;
  private lastCode: number | undefined;
  private linger: Timer | undefined;
  private isClosed = false;
  /** True while the budget is asked. */
  private isAsking = false;

  constructor(
    /** As it was read last. */
    public instance: InstanceEntity,
    private readonly tools: PairingTools,
    private readonly onClosed: () => void,
  ) {}

  get viewerCount(): number {
    return this.viewers.size;
  }

  /**
   * Shows the viewer where linking stands, now and from now on.
   * @throws TooManyViewers
   */
  join(viewer: PairingViewer): void {
    if (this.viewers.size >= MAX_VIEWERS) throw new TooManyViewers();
    this.linger?.cancel();
    this.viewers.add(viewer);
    if (this.state.phase !== 'idle') viewer.show(this.state);
  }

  /** @param atOnce nobody of the page may come back: its link has expired */
  leave(viewer: PairingViewer, atOnce: boolean): void {
    if (!this.viewers.delete(viewer) || this.isClosed || this.viewers.size > 0) return;
    if (atOnce) this.close();
    else this.stayForAWhile();
  }

  /** Starts linking by QR code unless it is under way. A page that is loaded anew also begins anew after a failure. */
  wantQr({ evenAfterFailure }: { readonly evenAfterFailure: boolean }): void {
    const { phase } = this.state;
    if (this.isAsking || (phase !== 'idle' && !(phase === 'failed' && evenAfterFailure))) return;
    this.begin({ kind: 'qr' }).catch((error: unknown) => {
      // Told by `begin` itself, unless it did not even begin.
      if (this.state.phase === 'idle')
        this.move({ phase: 'failed', failure: failureOfError(error, undefined) });
    });
  }

  /** Shows a session that logs in: its phone is linked, and there is nothing to start. */
  showLogin(): void {
    if (this.state.phase === 'idle') this.move({ phase: 'linking' });
  }

  /**
   * Starts linking, in place of what is under way.
   * @throws TooManyAttempts, PairingLinkInvalid, and what linking throws
   */
  async begin(method: LinkMethod): Promise<LinkOffer> {
    const { linking, log } = this.tools;
    await this.takeFromBudget();
    const attempt = (this.attempts += 1);
    const isCurrent = () => attempt === this.attempts && !this.isClosed;
    this.isOurs ||= linking.stateOf(this.instance) !== 'linking';
    this.lastCode = undefined;
    this.move({ phase: 'starting', method: method.kind });
    if (this.viewers.size === 0) this.stayForAWhile();
    try {
      const offer = await linking.link(this.instance.id, method);
      if (isCurrent() && this.state.phase === 'starting') this.move(await this.stateOf(offer));
      return offer;
    } catch (error) {
      log.info('Linking from a pairing page failed', {
        instanceId: this.instance.id,
        err: error,
      });
      if (error instanceof PairingLinkInvalid) this.dismiss();
      else if (isCurrent() && this.state.phase === 'starting') {
        this.move({ phase: 'failed', failure: failureOfError(error, this.lastCode) });
      }
      throw error;
    }
  }

  take(signal: SessionSignal): void {
    if (signal.type === 'disconnected') this.lastCode = signal.code;
    const next = nextPairingState(this.state, signal);
    if (next) this.move(next);
  }

  /** The links are revoked, by a new token for instance, or the instance is gone. */
  dismiss(): void {
    for (const viewer of this.viewers) viewer.show({ phase: 'gone' });
    this.close();
  }

  /** Sends everybody away and ends what the page has started. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.linger?.cancel();
    this.onClosed();
    for (const viewer of this.viewers) viewer.end();
    this.viewers.clear();
    if (!this.isOurs) return;
    const { id: instanceId } = this.instance;
    this.tools.linking
      .stop(instanceId)
      .catch((err: unknown) =>
        this.tools.log.error('Linking from a pairing page could not be ended', { instanceId, err }),
      );
  }

  private async takeFromBudget(): Promise<void> {
    this.isAsking = true;
    try {
      await this.tools.budget.take(this.instance.id);
    } finally {
      this.isAsking = false;
    }
    // Nobody would end what begins now.
    if (this.isClosed) throw new PairingLinkInvalid();
  }

  private move(state: PairingState): void {
    if (this.isClosed) return;
    this.state = state;
    for (const viewer of this.viewers) viewer.show(state);
    if (state.phase === 'connected') this.close();
    else if (this.viewers.size === 0) this.stayForAWhile();
  }

  private stayForAWhile(): void {
    this.linger?.cancel();
    const { state } = this;
    const withCode = state.phase === 'code' || (state.phase === 'starting' && state.method === 'code');
    this.linger = this.tools.clock.schedule(withCode ? LINGER_WITH_CODE_MS : LINGER_MS, () => this.close());
  }

  private async stateOf(offer: LinkOffer): Promise<PairingState> {
    switch (offer.kind) {
      case 'qr':
        return { phase: 'qr', qr: drawQr(offer.qr) };
      case 'code':
        return { phase: 'code', code: offer.code };
      case 'connected': {
        const instance = await this.tools.linking.find(this.instance.id);
        return { phase: 'connected', number: numberOf(instance?.numberJid ?? '') };
      }
    }
  }
}
