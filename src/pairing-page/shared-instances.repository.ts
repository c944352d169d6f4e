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
}
