import { Injectable } from '@nestjs/common';
import type { TenantCaller } from '../common/http/caller.js';
import type { LinkMethod, LinkOffer } from '../whatsapp/whatsapp.gateway.js';
import { SessionCommands } from './session-commands.js';
import { InstancesRepository } from './instances.repository.js';

/** What the owner of an instance does with its phone: link it, see the code, reconnect, unlink it. */
@Injectable()
export class InstanceLinkingService {
  constructor(
    private readonly repository: InstancesRepository,
    private readonly sessions: SessionCommands,
  ) {}

  /** Waits at most 60 s for something to show. @throws InstanceNotFound, and what `SessionCommands.connect` throws */
  async connect(
    { accountId }: TenantCaller,
    name: string,
    method: LinkMethod,
    left: AbortSignal,
  ): Promise<LinkOffer> {
    return this.sessions.connect(await this.repository.getByName(accountId, name), method, left);
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
