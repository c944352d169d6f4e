import { Injectable } from '@nestjs/common';
import { SecretBox } from '../common/crypto/secret-box.js';
import { DomainError } from '../common/errors/domain-error.js';
import { Log } from '../common/logging/log.js';
import {
  WhatsAppGateway,
  type LinkMethod,
  type LinkOffer,
  type SessionOptions,
  type SessionState,
} from '../whatsapp/whatsapp.gateway.js';
import { NoCredentials } from '../whatsapp/whatsapp.errors.js';
import { InstanceStates } from './instance-states.js';
import { InstanceStatusRepository } from './instance-status.repository.js';
import type { InstanceEntity } from './instance.entity.js';
import { InstanceNotFound, NoQrToShow } from './instances.errors.js';
import { toSessionOptions } from './session-options.js';

/**
 * The sessions of instances that are already known: opens them with their own proxy and settings, and ends them. What
 * a command changes in the state of its instance is stored when the command ends, so that its caller reads it.
 */
@Injectable()
export class InstanceSessions {
  constructor(
    private readonly gateway: WhatsAppGateway,
    private readonly repository: InstanceStatusRepository,
    private readonly states: InstanceStates,
    private readonly secrets: SecretBox,
    private readonly log: Log,
  ) {}

  /** @throws InstanceNotFound */
  async storedInstance(instanceId: string): Promise<InstanceEntity> {
    const instance = await this.repository.findWhole(instanceId);
    if (!instance) throw new InstanceNotFound();
    return instance;
  }

  /** How the session is to be opened, as stored now. @throws InstanceNotFound, ProxyPasswordUnreadable */
  async sessionOptionsOf(instanceId: string): Promise<SessionOptions> {
    return toSessionOptions(await this.storedInstance(instanceId), this.secrets);
  }

  /** Live state of the session in this process. */
  stateOf(instanceId: string): SessionState {
    return this.gateway.sessionState(instanceId);
  }

  /**
   * @param left aborted when nobody waits for the answer any more
   * @throws ProxyPasswordUnreadable, and what `WhatsAppGateway.link` throws
   */
  async link(instance: InstanceEntity, method: LinkMethod, left?: AbortSignal): Promise<LinkOffer> {
    try {
      const options = toSessionOptions(instance, this.secrets);
      const offer = await this.gateway.link(instance.id, method, options, left);
      if (offer.kind !== 'qr') return offer;
      // Who joins an attempt is told its first code, which may have been renewed.
      return { kind: 'qr', qr: this.gateway.currentQr(instance.id) ?? offer.qr };
    } finally {
      await this.states.settled(instance.id);
    }
  }

  /** The content of the QR code that can be scanned now. @throws NoQrToShow */
  currentQr(instanceId: string): string {
    const qr = this.gateway.currentQr(instanceId);
    if (qr === undefined) throw new NoQrToShow(this.gateway.sessionState(instanceId) === 'connected');
    return qr;
  }

  /** Opens the session without waiting for a back-off. @throws NoCredentials, CredentialsCorrupt, ProxyPasswordUnreadable */
  async reopen(instance: InstanceEntity): Promise<void> {
    const options = toSessionOptions(instance, this.secrets);
    // Asked first, because opening ends a linking that may be under way.
    if (!(await this.gateway.hasCredentials(instance.id))) throw new NoCredentials();
    await this.gateway.open(instance.id, { ...options, now: true });
    await this.states.settled(instance.id);
  }

  /** Opens a session that ought to be open; the state of the instance says what is in the way. True: it connects now. */
  async restore(instanceId: string): Promise<boolean> {
    // It waited for its turn: meanwhile its owner may have been faster, or its account may have been disabled.
    if (this.gateway.sessionState(instanceId) !== 'absent') return false;
    if (!(await this.repository.isToOpen(instanceId))) return false;
    try {
      return await this.gateway.open(instanceId, await this.sessionOptionsOf(instanceId));
    } catch (err) {
      if (err instanceof InstanceNotFound) return false;
      this.log.warn('A session could not be opened', { instanceId, err });
      await this.states.closed(
        instanceId,
        err instanceof DomainError ? err.message : 'The session could not be opened',
      );
      return false;
    }
  }

  /**
   * Lets changed options take effect at once. A linking that is under way ends, because the session that comes out of
   * it would go on with the old options.
   */
  async refresh(instance: InstanceEntity): Promise<void> {
    const state = this.gateway.sessionState(instance.id);
    if (state === 'absent') return;
    try {
      if (state === 'linking')
        await this.close(instance.id, 'The configuration of the connection was changed');
      else {
        await this.gateway.reconfigure(instance.id, toSessionOptions(instance, this.secrets));
        await this.states.settled(instance.id);
      }
    } catch (err) {
      this.log.warn('A session could not take its new options', { instanceId: instance.id, err });
    }
  }

  /** Closes the session; the link to the phone stays. */
  async close(instanceId: string, reason: string): Promise<void> {
    const wasOpen = this.gateway.sessionState(instanceId) !== 'absent';
    if (wasOpen) await this.states.leaving(instanceId, reason);
    await this.gateway.close(instanceId);
    if (wasOpen) await this.states.closed(instanceId, reason);
  }

  /** Closes the session if it is being linked. A phone that has consented meanwhile stays linked. */
  async stopLinking(instanceId: string, reason: string): Promise<void> {
    if (this.gateway.sessionState(instanceId) === 'linking') await this.close(instanceId, reason);
  }

  /** Removes the link to the phone, at WhatsApp as well as here. */
  async logout(instanceId: string): Promise<void> {
    await this.states.leaving(instanceId, 'The instance was logged out');
    await this.gateway.logout(instanceId);
    await this.states.loggedOut(instanceId);
  }

  /** Like `logout`, for an instance that is about to go: nothing may keep it from going. */
  async forget(instanceId: string): Promise<void> {
    await this.states.leaving(instanceId, 'The instance was deleted');
    try {
      await this.gateway.logout(instanceId);
    } catch (err) {
      this.log.warn('A phone could not be unlinked before its instance was deleted', { instanceId, err });
      await this.gateway.close(instanceId).catch(() => undefined);
    }
  }

  /** Closes all sessions of this process and resolves when what they told last is stored. */
  async closeAll(): Promise<void> {
    await this.gateway.closeAll();
    await this.states.stop();
  }
}
