import { Injectable } from '@nestjs/common';
import { SecretBox } from '../common/crypto/secret-box.js';
import type { TenantCaller } from '../common/http/caller.js';
import { SessionCommands } from './session-commands.js';
import type { InstanceSettings, ProxyWish } from './instance-values.js';
import type { InstanceEntity } from './instance.entity.js';
import { InstancesRepository } from './instances.repository.js';
import { proxyColumns } from './proxy-columns.js';
import { opensAlike } from './session-options.js';

/** Settings and proxy of an instance; what concerns the connection takes effect at once. */
@Injectable()
export class InstanceConfigurationService {
  constructor(
    private readonly repository: InstancesRepository,
    private readonly sessions: SessionCommands,
    private readonly secrets: SecretBox,
  ) {}

  /** @throws InstanceNotFound */
  read({ accountId }: TenantCaller, name: string): Promise<InstanceEntity> {
    return this.repository.getByName(accountId, name);
  }

  /** Changes the settings that are given. @throws InstanceNotFound */
  async changeSettings(
    { accountId }: TenantCaller,
    name: string,
    settings: Partial<InstanceSettings>,
  ): Promise<InstanceEntity> {
    const before = await this.repository.getByName(accountId, name);
    await this.repository.updateSettings(accountId, before.id, settings);
    return this.putIntoEffect(before);
  }

  /** Replaces the proxy. @throws InstanceNotFound */
  async replaceProxy({ accountId }: TenantCaller, name: string, wish: ProxyWish): Promise<InstanceEntity> {
    const before = await this.repository.getByName(accountId, name);
    const columns = proxyColumns(before.id, wish, this.secrets, before);
    await this.repository.updateProxy(accountId, before.id, columns);
    return this.putIntoEffect(before);
  }

  private async putIntoEffect(before: InstanceEntity): Promise<InstanceEntity> {
    const after = await this.repository.getByName(before.accountId, before.name);
    // An open session, and the calls on it, are not interrupted for a change that does not concern them.
    if (!opensAlike(before, after, this.secrets)) await this.sessions.refresh(after);
    return after;
  }
}
