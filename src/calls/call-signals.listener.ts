import { Injectable, type OnModuleInit } from '@nestjs/common';
import { KeyedQueue } from '../common/async/keyed-queue.js';
import { OwnershipLost } from '../cluster/ownership.errors.js';
import { DatabaseUnavailable } from '../common/database/database-unavailable.js';
import { Log } from '../common/logging/log.js';
import type { CallSignal, WhatsAppSignal } from '../whatsapp/whatsapp-signals.js';
import { WhatsAppGateway } from '../whatsapp/whatsapp.gateway.js';
import { CallClock } from './call-clock.js';
import { CallDeadlines } from './call-deadlines.js';
import { CallJournal } from './call-journal.js';
import type { CallNews } from './call-progress.js';
import { CallRecovery } from './call-recovery.js';

/** Turns what WhatsApp tells about calls into steps of their lives; the signals of one call in their order. */
@Injectable()
export class CallSignalsListener implements OnModuleInit {
  private readonly queue = new KeyedQueue();
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly gateway: WhatsAppGateway,
    private readonly journal: CallJournal,
    private readonly deadlines: CallDeadlines,
    private readonly times: CallClock,
    private readonly recovery: CallRecovery,
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
  idle(): Promise<void> {
    return this.queue.idle();
  }

  private listen(signal: WhatsAppSignal): void {
    if (isCallSignal(signal)) this.listenToCall({ ...signal, at: this.times.now(signal.callId) });
    else if (signal.type === 'connected') {
      this.enqueue(signal.instanceId, signal, () => this.recovery.onConnected(signal.instanceId));
    }
  }

  private listenToCall(signal: CallSignal): void {
    if (signal.type === 'call_ringing') {
      this.deadlines.ringing(signal.instanceId, signal.callId, signal.at);
    }
    this.enqueue(signal.callId, signal, () => this.onCallSignal(signal));
  }

  private enqueue(key: string, { type, instanceId }: WhatsAppSignal, work: () => Promise<void>): void {
    this.queue.run(key, work).catch((err: unknown) => {
      // Whoever holds the instance now hears of it.
      if (err instanceof OwnershipLost) return;
      // The journal goes on by itself.
      if (err instanceof DatabaseUnavailable && type.startsWith('call_')) return;
      this.log.error('A signal of WhatsApp could not be handled', { type, instanceId, err });
    });
  }

  private async onCallSignal(signal: CallSignal): Promise<void> {
    const { instanceId, callId, at, type } = signal;
    const call = await this.journal.recordOnWire(instanceId, callId, newsOf(signal), at);
    if (call) this.deadlines.watch(call);
    else this.log.debug('A signal changed nothing', { type, instanceId, callId });
  }
}

function isCallSignal(signal: WhatsAppSignal): signal is CallSignal {
  return 'callId' in signal && signal.type.startsWith('call_');
}

function newsOf(signal: CallSignal): CallNews {
  switch (signal.type) {
    case 'call_acknowledged': {
      const { furtherDevices, callerTimeoutSeconds } = signal;
      return { type: 'acknowledged', furtherDevices, callerTimeoutSeconds };
    }
    case 'call_delivered':
      return { type: 'delivered' };
    case 'call_ringing':
      return { type: 'ringing' };
    case 'call_answered':
      return { type: 'answered' };
    case 'call_refused_by_callee':
      return { type: 'refused_by_callee', refusal: signal.refusal };
    case 'call_ended_remotely':
      return { type: 'ended_remotely', reason: signal.reason };
  }
}
