import { Injectable, type OnModuleInit } from '@nestjs/common';
import { OwnershipLost } from '../../cluster/ownership.errors.js';
import { DatabaseUnavailable } from '../../common/database/database-unavailable.js';
import { Log } from '../../common/logging/log.js';
import { isCallSignal, type CallSignal, type WhatsAppSignal } from '../../whatsapp/whatsapp-signals.js';
import { WhatsAppGateway } from '../../whatsapp/whatsapp.gateway.js';
import { CallClock } from '../call-clock.js';
import { CallJournal } from '../store/call-journal.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallTakeover } from './call-takeover.js';

/** Records what WhatsApp reports of calls, in its order. */
@Injectable()
export class CallSignalsListener implements OnModuleInit {
  /** What is not dealt with yet. */
  private readonly pending = new Set<Promise<void>>();
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly gateway: WhatsAppGateway,
    private readonly journal: CallJournal,
    private readonly deadlines: CallDeadlines,
    private readonly times: CallClock,
    private readonly takeover: CallTakeover,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.gateway.onSignal((signal) => this.listen(signal));
  }

  /** Resolves when everything heard is written down, as far as the database takes it. May be called twice. */
  async stop(): Promise<void> {
    this.unsubscribe?.();
    await this.idle();
    await this.journal.stop();
  }

  /** Resolves when everything heard so far is written down. */
  async idle(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }

  private listen(signal: WhatsAppSignal): void {
    if (isCallSignal(signal)) this.listenToCall({ ...signal, at: this.times.now(signal.callId) });
    else if (signal.type === 'connected') {
      this.follow(signal, this.takeover.onConnected(signal.instanceId));
    }
  }

  private listenToCall(signal: CallSignal): void {
    const { instanceId, callId, at, type } = signal;
    if (type === 'ringing') this.deadlines.ringing(instanceId, callId, at);
    const recorded = this.journal.recordOnWire(instanceId, callId, signal, at).then((call) => {
      if (call) this.deadlines.watch(call);
      else this.log.debug('A signal changed nothing', { type, instanceId, callId });
    });
    this.follow(signal, recorded);
  }

  private follow(signal: WhatsAppSignal, work: Promise<void>): void {
    const done = work
      .catch((err: unknown) => {
        // Whoever holds the instance now hears of it.
        if (err instanceof OwnershipLost) return;
        // The journal goes on by itself.
        if (err instanceof DatabaseUnavailable && isCallSignal(signal)) return;
        const { type, instanceId } = signal;
        this.log.error('A signal of WhatsApp could not be handled', { type, instanceId, err });
      })
      .finally(() => this.pending.delete(done));
    this.pending.add(done);
  }
}
