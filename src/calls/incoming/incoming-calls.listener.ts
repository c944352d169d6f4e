import { Inject, Injectable, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { OwnershipLost } from '../../cluster/ownership.errors.js';
import { KeyedQueue } from '../../common/async/keyed-queue.js';
import { Log } from '../../common/logging/log.js';
import { maskNumber } from '../../common/logging/mask-numbers.js';
import { Clock } from '../../common/time/clock.js';
import { IncomingCallRules } from '../../instances/incoming-call-rules.js';
import type { IncomingCallSignal, WhatsAppSignal } from '../../whatsapp/whatsapp-signals.js';
import { WhatsAppGateway } from '../../whatsapp/whatsapp.gateway.js';
import { CallClock } from '../call-clock.js';
import { incomingCallEvent, rejectedCallEvent, outcomeOf, type IncomingEnd } from './incoming-call.js';
import { IncomingCallsRepository } from './incoming-calls.repository.js';

/** How long rejections that are under way may take when the process stops. */
const STOP_GRACE_MS = 1000;

/** Records calls to the account, and declines them where the owner of the instance wants that. */
@Injectable()
export class IncomingCallsListener implements OnModuleInit, BeforeApplicationShutdown {
  private readonly queue = new KeyedQueue();
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly gateway: WhatsAppGateway,
    private readonly repository: IncomingCallsRepository,
    @Inject(IncomingCallRules) private readonly rules: Pick<IncomingCallRules, 'of'>,
    private readonly times: CallClock,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.unsubscribe = this.gateway.onSignal((signal) => this.listen(signal));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.unsubscribe?.();
    await Promise.race([this.queue.idle(), this.clock.sleep(STOP_GRACE_MS)]);
  }

  /** Resolves when everything heard so far is dealt with. */
  idle(): Promise<void> {
    return this.queue.idle();
  }

  private listen(signal: WhatsAppSignal): void {
    if (signal.type !== 'incoming_call' && signal.type !== 'incoming_call_ended') return;
    const key = `${signal.instanceId} ${signal.callId}`;
    if (signal.type === 'incoming_call') this.times.begin(key);
    const timed = { ...signal, at: this.times.now(key) };
    this.queue
      .run(key, () => this.take(timed))
      .catch((err: unknown) => {
        if (err instanceof OwnershipLost) return;
        const { instanceId, callId, type } = signal;
        this.log.error('News of an incoming call could not be handled', {
          instanceId,
          callId,
          signal: type,
          err,
        });
      });
  }

  private async take(heard: IncomingCallSignal): Promise<void> {
    const signal = { ...heard, number: heard.number ?? (await this.storedNumberOf(heard)) };
    await this.repository.record(incomingCallEvent(signal), signal, endOf(signal));
    if (signal.type === 'incoming_call') await this.screen(signal);
  }

  private async screen(signal: IncomingCallSignal): Promise<void> {
    const rule = await this.rules.of(signal.instanceId);
    if (!rule?.autoReject) return;
    const { instanceId, callId, from, number, replyTo, isGroup } = signal;
    try {
      await this.gateway.rejectCall(instanceId, { callId, from });
      const at = this.times.now(`${instanceId} ${callId}`);
      await this.repository.record(rejectedCallEvent(signal, at), signal, {
        outcome: 'rejected',
        reason: null,
        at,
      });
      // A group call rings many; its caller did not ask for us in particular.
      if (rule.message !== '' && !isGroup) {
        await this.gateway.sendText(instanceId, { to: replyTo, text: rule.message });
      }
    } catch (err) {
      const caller = maskNumber(number ?? from);
      this.log.warn('An incoming call could not be rejected as configured', {
        instanceId,
        callId,
        caller,
        err,
      });
    }
  }

  /** WhatsApp may hide a number that it gave before: with a message, or because the account has called it. */
  private async storedNumberOf({ instanceId, from }: IncomingCallSignal): Promise<string | null> {
    const ofSession = await this.gateway.storedNumberOf(instanceId, from).catch(() => null);
    // The session forgets with a logout, the calls stay. An event without the number is better than none.
    return ofSession ?? (await this.repository.numberOf(instanceId, from).catch(() => null));
  }
}

function endOf(signal: IncomingCallSignal): IncomingEnd | undefined {
  if (signal.type === 'incoming_call') return undefined;
  return { outcome: outcomeOf(signal), reason: signal.reason, at: signal.at };
}
