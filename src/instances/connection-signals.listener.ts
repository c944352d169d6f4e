import { Injectable, type OnModuleInit } from '@nestjs/common';
import { OwnershipLost } from '../cluster/ownership.errors.js';
import { Log } from '../common/logging/log.js';
import { WhatsAppGateway } from '../whatsapp/whatsapp.gateway.js';
import type { WhatsAppSignal } from '../whatsapp/whatsapp-signals.js';
import { InstanceStates } from './instance-states.js';

/** Takes the news of sessions from the gateway; the news of calls is not for this room. */
@Injectable()
export class ConnectionSignalsListener implements OnModuleInit {
  constructor(
    private readonly gateway: WhatsAppGateway,
    private readonly states: InstanceStates,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.gateway.onSignal((signal) => this.take(signal));
  }

  private take(signal: WhatsAppSignal): void {
    if ('callId' in signal) return;
    this.states.apply(signal).catch((err: unknown) => {
      const { instanceId, type } = signal;
      // Whoever holds the instance now tells what becomes of it.
      if (err instanceof OwnershipLost) return;
      this.log.error('A signal of a session could not be stored', { instanceId, signal: type, err });
    });
  }
}
