import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FencedWrites } from '../cluster/fenced-writes.js';
import { EventWriter, insertOfEvents, type StoredEvents } from '../common/events/event-writer.js';
import type { EventContent, WebhookEvent } from '../common/events/webhook-event.js';
import type { Connecting } from '../whatsapp/connect-turns.js';
import type { InstanceIdentity } from './instance-identity.js';
import type { InstanceStatus } from './instance-state.js';
import { InstanceEntity } from './instance.entity.js';
import type { SignalColumns } from './signal-columns.js';

const TO_OPEN = `SELECT instances.id AS "instanceId", instances.account_id AS "accountId" FROM instances
  JOIN accounts ON accounts.id = instances.account_id AND accounts.enabled
  JOIN session_credentials ON session_credentials.instance_id = instances.id AND session_credentials.linked
  WHERE instances.status <> 'loggedout'`;

export type InstanceRow = Pick<
  InstanceEntity,
  | 'id'
  | 'accountId'
  | 'name'
  | 'status'
  | 'numberJid'
  | 'restricted'
  | 'restrictedUntil'
  | 'lastDisconnectCode'
>;

export type LiftedInstance = InstanceIdentity & Pick<InstanceEntity, 'status'>;

/** What the process itself asks about instances, across accounts: no request of a tenant comes here. */
@Injectable()
export class InstanceStatusRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writes: FencedWrites,
    private readonly events: EventWriter,
  ) {}

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
        lastDisconnectCode: true,
      },
    });
  }

  findWhole(instanceId: string): Promise<InstanceEntity | null> {
    return this.dataSource.getRepository(InstanceEntity).findOneBy({ id: instanceId });
  }

  /**
   * Compare-and-set: false when the status is not `expected` any more, and then nothing was written. The event is
   * stored with the change.
   * @throws OwnershipLost
   */
  async move(
    instanceId: string,
    expected: InstanceStatus,
    next: InstanceStatus,
    columns: SignalColumns,
    event?: WebhookEvent,
  ): Promise<boolean> {
    const changed = { ...columns, status: next };
    const names = Object.keys(changed).map((property) => this.columnOf(property));
    const assignments = names.map((name, index) => `${name} = $${index + 3}`);
    const rows = await this.writes.run(instanceId, {
      change: `UPDATE instances SET ${assignments.join(', ')}, updated_at = now()
        WHERE id = $1 AND status = $2 AND EXISTS (SELECT FROM fence) RETURNING id`,
      values: [instanceId, expected, ...Object.values(changed)],
      events: event ? [event] : [],
    });
    return rows.length > 0;
  }

  /**
   * No session survives its process, so those that were online when they were taken over are offline. Returns those; the
   * event of each is stored with it.
   */
  async markOffline(instanceIds: readonly string[], event: EventContent): Promise<InstanceIdentity[]> {
    const offline = await this.writes.runForMany<InstanceIdentity>(instanceIds, {
      also: [
        `offline AS (UPDATE instances SET status = 'disconnected', updated_at = now() FROM fence
           WHERE id = fence.instance_id AND status IN ('connected', 'connecting') RETURNING id, account_id, name)`,
      ],
      change: `SELECT id, id AS instance_id, account_id AS "accountId", name FROM offline`,
      values: [],
      events: [event],
    });
    return offline.map(({ id, accountId, name }) => ({ id, accountId, name }));
  }

  /** Ends the restrictions whose time is over, each for one of those who ask at once. The events are stored with it. */
  async liftRestrictions(now: Date, event: EventContent): Promise<LiftedInstance[]> {
    const { tables, storedInFirst } = insertOfEvents('changed', 1);
    const rows = await this.dataSource.query<(LiftedInstance & { readonly stored: StoredEvents })[]>(
      `WITH changed AS (
         UPDATE instances SET restricted = false, restricted_until = NULL, contacts_spared_from = NULL, updated_at = now()
         WHERE restricted AND (restricted_until <= $1 OR restricted_until IS NULL)
         RETURNING id, id AS instance_id, account_id AS "accountId", name, status
       ), ${tables.join(', ')}
       SELECT id, "accountId", name, status, ${storedInFirst} AS stored FROM changed`,
      [now, ...this.events.valuesOf([event])],
    );
    return rows.map(({ stored: events, ...instance }) => {
      this.events.publish(events);
      return instance;
    });
  }

  /** `null`: no instance is restricted. */
  async nextRestrictionEnd(): Promise<Date | null> {
    const [row] = await this.dataSource.query<{ end: Date | null }[]>(
      `SELECT min(restricted_until) AS "end" FROM instances WHERE restricted`,
    );
    return row?.end ?? null;
  }

  /** Those of the instances with a linked phone whose sessions are wanted. */
  listToOpen(instanceIds: readonly string[]): Promise<Connecting[]> {
    return this.dataSource.query<Connecting[]>(
      `${TO_OPEN} AND instances.id = ANY ($1) ORDER BY instances.created_at, instances.id`,
      [instanceIds],
    );
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

  /** Instances whose session may be open although their account is disabled, wherever it is. */
  async listOnlineOfDisabledAccounts(): Promise<string[]> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      `SELECT instances.id FROM instances JOIN accounts ON accounts.id = instances.account_id
       WHERE NOT accounts.enabled AND instances.status IN ('connected', 'connecting')`,
    );
    return rows.map(({ id }) => id);
  }

  private columnOf(property: string): string {
    const column = this.dataSource.getMetadata(InstanceEntity).findColumnWithPropertyName(property);
    if (!column) throw new TypeError(`An instance has no column for ${property}`);
    return column.databaseName;
  }
}
