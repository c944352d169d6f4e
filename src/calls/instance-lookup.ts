import { Inject, Injectable } from '@nestjs/common';
import type { TenantCaller } from '../common/http/caller.js';
import type { InstanceRef } from '../instances/instance-values.js';
import { InstancesService } from '../instances/instances.service.js';
import { CallInstanceNotFound } from './calls.errors.js';

/** Finds the instance that a call route names. */
@Injectable()
export class InstanceLookup {
  constructor(@Inject(InstancesService) private readonly instances: Pick<InstancesService, 'find'>) {}

  /** @throws CallInstanceNotFound */
  async require(caller: TenantCaller, name: string): Promise<InstanceRef> {
    const instance = await this.instances.find(caller, name);
    if (!instance) throw new CallInstanceNotFound();
    return instance;
  }
}
