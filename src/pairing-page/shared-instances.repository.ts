import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { InstanceEntity } from '../instances/instance.entity.js';

/** Instances as links to the pairing page name them: whoever has a valid link has no account. */
@Injectable()
export class SharedInstancesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The instance, if it is there and its account is enabled. */
  find(instanceId: string): Promise<InstanceEntity | null> {
    return this.dataSource
      .getRepository(InstanceEntity)
      .createQueryBuilder('instance')
      .innerJoin('accounts', 'account', 'account.id = instance.account_id AND account.enabled')
      .where('instance.id = :instanceId', { instanceId })
      .getOne();
  }

  /** The hashes of the tokens that open the instance: of its account, and its own. Empty when it is gone. */
  async tokenHashesOf(instanceId: string): Promise<Buffer> {
    const rows = await this.dataSource.query<{ hash: Buffer }[]>(
      `SELECT token.token_hash AS hash
       FROM instances AS instance
       JOIN access_tokens AS token ON token.account_id = instance.account_id
        AND (token.instance_id IS NULL OR token.instance_id = instance.id)
       WHERE instance.id = $1
       ORDER BY token.instance_id NULLS FIRST`,
      [instanceId],
    );
    return Buffer.concat(rows.map(({ hash }) => hash));
  }
}
