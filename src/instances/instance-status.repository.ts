import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { appendEvent, type OutboxEvent } from '../common/events/outbox.js';
import type { InstanceStatus } from './instance-state.js';
import { InstanceEntity } from './instance.entity.js';
import type { SignalColumns } from './signal-columns.js';

const TO_OPEN = `SELECT instances.id FROM instances
  JOIN accounts ON accounts.id = instances.account_id AND accounts.enabled
  JOIN session_credentials ON session_credentials.instance_id = instances.id AND session_credentials.linked
  WHERE instances.status <> 'loggedout'`;

export type InstanceRow = Pick<
  InstanceEntity,
  'id' | 'accountId' | 'name' | 'status' | 'numberJid' | 'restricted' | 'restrictedUntil'
>;

/** What the process itself asks about instances, across accounts: no request of a tenant comes here. */
@Injectable()
export class InstanceStatusRepository {
  constructor(private readonly dataSource: DataSource) {}

  find(instanceId: string): Promise<InstanceRow | null> {
    return this.dataSource.getRepository(InstanceEntity).findOne({
      where: { id: instanceId },
      select: {
        id: true,
        accountId: true,
        name: true,
        status: true,
        numberJid: true,
        restricted: true,
        restrictedUntil: true,
      },
    });
  }

  findWhole(instanceId: string): Promise<InstanceEntity | null> {
    return this.dataSource.getRepository(InstanceEntity).findOneBy({ id: instanceId });
  }

  /**
   * Compare-and-set: false when the status is not `expected` any more, and then nothing was written. The event is
   * stored with the change.
   */
  async move(
    instanceId: string,
    expected: InstanceStatus,
    next: InstanceStatus,
    columns: SignalColumns,
    event?: OutboxEvent,
  ): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const { affected } = await manager
        .getRepository(InstanceEntity)
        .update({ id: instanceId, status: expected }, { ...columns, status: next, updatedAt: () => 'now()' });
      if (affected !== 1) return false;
      if (event) await appendEvent(manager, event);
      return true;
    });
  }

  /** No session survives its process, so whatever a killed process left as online is offline. */
  async markAllOffline(eventOf: (instanceId: string) => OutboxEvent): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const [rows] = await manager.query<[{ id: string }[], number]>(
        `UPDATE instances SET status = 'disconnected', updated_at = now() WHERE status IN ('connected', 'connecting')
         RETURNING id`,
      );
      for (const { id } of rows) await appendEvent(manager, eventOf(id));
    });
  }

  /** Instances with a linked phone whose sessions are wanted: of all enabled accounts, or of one. */
  async listToOpen(accountId?: string): Promise<string[]> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      `${TO_OPEN} AND ($1::uuid IS NULL OR instances.account_id = $1) ORDER BY instances.created_at, instances.id`,
      [accountId ?? null],
    );
    return rows.map(({ id }) => id);
  }

  async isToOpen(instanceId: string): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(`${TO_OPEN} AND instances.id = $1`, [instanceId]);
    return rows.length > 0;
  }

  async listOfAccount(accountId: string): Promise<string[]> {
    const rows = await this.dataSource
      .getRepository(InstanceEntity)
      .find({ where: { accountId }, select: { id: true } });
    return rows.map(({ id }) => id);
  }
}
