import { Injectable } from '@nestjs/common';
import { DomainError } from '../common/errors/domain-error.js';
import type { InstanceEntity } from '../instances/instance.entity.js';
import { SessionCommands } from '../instances/session-commands.js';
import type { LinkMethod, LinkOffer, SessionState } from '../whatsapp/whatsapp.gateway.js';
import { PairingLinkInvalid, ProxyFailed, WhatsAppNotReached } from './pairing.errors.js';
import { SharedInstancesRepository } from './shared-instances.repository.js';

/** What the page does with the session of an instance. */
@Injectable()
export class PhoneLinking {
  constructor(
    private readonly instances: SharedInstancesRepository,
    private readonly sessions: SessionCommands,
  ) {}

  /** Live state of the session, wherever it is. */
  stateOf(instance: InstanceEntity): SessionState {
    return this.sessions.stateOf(instance);
  }

  find(instanceId: string): Promise<InstanceEntity | null> {
    return this.instances.find(instanceId);
  }

  /** As `SharedInstancesRepository.tokenHashesOf`. */
  tokenHashesOf(instanceId: string): Promise<Buffer> {
    return this.instances.tokenHashesOf(instanceId);
  }

  /**
   * Starts or joins linking with the proxy and the settings of this moment; at most 60 s.
   * @throws PairingLinkInvalid when the instance is gone, and what linking throws
   */
  async link(instanceId: string, method: LinkMethod): Promise<LinkOffer> {
    const instance = await this.instances.find(instanceId);
    if (!instance) throw new PairingLinkInvalid();
    return this.sessions.link(instance, method).catch((error: unknown) => {
      // By its code: the session may be in another process.
      if (!(error instanceof DomainError) || error.code !== 'whatsapp_unreachable') throw error;
      throw instance.proxyEnabled ? new ProxyFailed(error) : new WhatsAppNotReached(error);
    });
  }

  /** Ends linking. A phone that has consented meanwhile stays linked. */
  stop(instanceId: string): Promise<void> {
    return this.sessions.stopLinking(instanceId, 'The pairing page was closed');
  }
}
