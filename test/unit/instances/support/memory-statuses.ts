import { DataSource } from 'typeorm';
import { eventWriter, fencedWrites } from '../../../support/test-ownership.js';
import type { InstanceStatus } from '../../../../src/instances/instance-state.js';
import { InstanceStatusRepository } from '../../../../src/instances/instance-status.repository.js';
import { InstanceEntity } from '../../../../src/instances/instance.entity.js';
import type { SignalColumns } from '../../../../src/instances/signal-columns.js';

/** The table of instances in memory; `beforeMove` lets another process be faster. */
export class MemoryStatuses extends InstanceStatusRepository {
  readonly rows = new Map<string, InstanceEntity>();
  readonly toOpen = new Set<string>();
  beforeMove: (() => void) | undefined;

  constructor(...rows: InstanceEntity[]) {
    const nowhere = new DataSource({ type: 'postgres' }); // never connected
    super(nowhere, fencedWrites(nowhere), eventWriter());
    for (const row of rows) this.rows.set(row.id, row);
  }

  override find(instanceId: string) {
    return this.findWhole(instanceId);
  }

  override findWhole(instanceId: string) {
    const row = this.rows.get(instanceId);
    return Promise.resolve(row ? Object.assign(new InstanceEntity(), row) : null);
  }

  override move(instanceId: string, expected: InstanceStatus, next: InstanceStatus, columns: SignalColumns) {
    this.beforeMove?.();
    const row = this.rows.get(instanceId);
    if (row?.status !== expected) return Promise.resolve(false);
    Object.assign(row, columns, { status: next });
    return Promise.resolve(true);
  }

  override isToOpen(instanceId: string) {
    return Promise.resolve(this.toOpen.has(instanceId));
  }

  override markOffline(instanceIds: readonly string[]) {
    const online = [...this.rows.values()].filter(
      ({ id, status }) => instanceIds.includes(id) && (status === 'connected' || status === 'connecting'),
    );
    for (const row of online) row.status = 'disconnected';
    return Promise.resolve(online.map(({ id, accountId, name }) => ({ id, accountId, name })));
  }

  override listToOpen(instanceIds: readonly string[]) {
    const wanted = [...this.toOpen].filter((id) => instanceIds.includes(id));
    return Promise.resolve(
      wanted.map((instanceId) => ({ instanceId, accountId: this.rows.get(instanceId)?.accountId ?? '' })),
    );
  }

  override listOfAccount(accountId: string) {
    return Promise.resolve(
      [...this.rows.values()].filter((row) => row.accountId === accountId).map(({ id }) => id),
    );
  }
}
