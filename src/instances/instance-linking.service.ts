import { Injectable } from '@nestjs/common';
import type { TenantCaller } from '../common/http/caller.js';
import { PasskeyRequired } from '../whatsapp/whatsapp.errors.js';
import type { LinkMethod, LinkOffer } from '../whatsapp/whatsapp.gateway.js';
import { InstanceSessions } from './instance-sessions.js';
import { InstancesRepository } from './instances.repository.js';
import { PasskeyRequests } from './passkey-requests.js';

/** What the owner of an instance does with its phone: link it, see the code, reconnect, unlink it. */
@Injectable()
export class InstanceLinkingService {
  constructor(
    private readonly repository: InstancesRepository,
    private readonly sessions: InstanceSessions,
    private readonly passkeys: PasskeyRequests,
  ) {}

  /**
   * Waits at most 60 s for something to show. When WhatsApp asked for a passkey after the code that was shown before, that
   * is told first; the time after begins anew, because accounts may stop being asked.
   * @throws InstanceNotFound, and what linking throws
   */
  async connect({ accountId }: TenantCaller, name: string, method: LinkMethod): Promise<LinkOffer> {
    const instance = await this.repository.getByName(accountId, name);
    if (this.passkeys.takeUntold(instance.id)) throw new PasskeyRequired();
    const offer = await this.sessions.link(instance, method);
    if (offer.kind !== 'connected') this.passkeys.codeGiven(instance.id);
    return offer;
  }

  /** The content of the QR code that can be scanned now. @throws InstanceNotFound, NoQrToShow */
  async currentQr({ accountId }: TenantCaller, name: string): Promise<string> {
    const { id } = await this.repository.getByName(accountId, name);
    return this.sessions.currentQr(id);
  }

  /** @throws InstanceNotFound, NoCredentials, CredentialsCorrupt, ProxyPasswordUnreadable */
  async reconnect({ accountId }: TenantCaller, name: string): Promise<void> {
    await this.sessions.reopen(await this.repository.getByName(accountId, name));
  }

  /** @throws InstanceNotFound */
  async logout({ accountId }: TenantCaller, name: string): Promise<void> {
    const { id } = await this.repository.getByName(accountId, name);
    await this.sessions.logout(id);
  }
}
