import { Injectable } from '@nestjs/common';
import { InstanceSessions } from '../instances/instance-sessions.js';
import type { InstanceEntity } from '../instances/instance.entity.js';
import { WhatsAppUnreachable } from '../whatsapp/whatsapp.errors.js';
import {
  WhatsAppGateway,
  type LinkMethod,
  type LinkOffer,
  type SessionState,
} from '../whatsapp/whatsapp.gateway.js';
import { PairingLinkInvalid, ProxyFailed, WhatsAppNotReached } from './pairing.errors.js';
import { SharedInstancesRepository } from './shared-instances.repository.js';

/** What the page does with the session of an instance. */
@Injectable()
export class PhoneLinking {
  constructor(
    private readonly instances: SharedInstancesRepository,
    private readonly sessions: InstanceSessions,
    private readonly gateway: WhatsAppGateway,
  ) {}

  stateOf(instanceId: string): SessionState {
    return this.gateway.sessionState(instanceId);
  }

  find(instanceId: string): Promise<InstanceEntity | null> {
    return this.instances.find(instanceId);
  }

  /**
   * Starts or joins linking with the proxy and the settings of this moment; at most 60 s.
   * @throws PairingLinkInvalid when the instance is gone, and what linking throws
   */
  async link(instanceId: string, method: LinkMethod): Promise<LinkOffer> {
    const instance = await this.instances.find(instanceId);
    if (!instance) throw new PairingLinkInvalid();
    const offer = await this.sessions.link(instance, method).catch((error: unknown) => {
      if (!(error instanceof WhatsAppUnreachable)) throw error;
      throw instance.proxyEnabled ? new ProxyFailed(error) : new WhatsAppNotReached(error);
    });
    if (offer.kind !== 'qr') return offer;
    // Who joins an attempt is told its first code, which may have been renewed.
    return { kind: 'qr', qr: this.gateway.currentQr(instanceId) ?? offer.qr };
  }

  /** Ends linking. A phone that has consented meanwhile stays linked. */
  async stop(instanceId: string): Promise<void> {
    if (this.stateOf(instanceId) !== 'linking') return;
    await this.sessions.close(instanceId, 'The pairing page was closed');
  }
}
