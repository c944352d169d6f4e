import { Injectable } from '@nestjs/common';
import type { TenantCaller } from '../../common/http/caller.js';
import { InstancesService } from '../../instances/instances.service.js';
import { DeliveriesRepository } from '../../deliveries/deliveries.repository.js';
import type { Delivery, DeliveryFilter } from '../../deliveries/delivery-values.js';
import { DeliveryWorker } from '../../deliveries/delivery-worker.js';
import { DeliveryNotFound } from '../store/webhooks.errors.js';

/** What became of the events of an instance, and sending one again. */
@Injectable()
export class DeliveriesService {
  constructor(
    private readonly instances: InstancesService,
    private readonly repository: DeliveriesRepository,
    private readonly worker: DeliveryWorker,
  ) {}

  /** Newest first. @throws InstanceNotFound */
  async list(caller: TenantCaller, instanceName: string, filter: DeliveryFilter): Promise<Delivery[]> {
    const { id } = await this.instances.require(caller, instanceName);
    return this.repository.list(id, filter);
  }

  /**
   * Queues the delivery again with all its tries, whatever became of it; the receiver sees the same event id.
   * @throws InstanceNotFound, DeliveryNotFound
   */
  async replay(caller: TenantCaller, instanceName: string, deliveryId: string): Promise<Delivery> {
    const { id } = await this.instances.require(caller, instanceName);
    const delivery = await this.repository.replay(id, deliveryId);
    if (!delivery) throw new DeliveryNotFound();
    this.worker.wake();
    return delivery;
  }
}
