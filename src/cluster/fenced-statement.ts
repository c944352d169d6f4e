import { eventInsert, type OutboxEvent, type Statement } from '../common/events/outbox.js';

/** A change of what belongs to an instance. */
export interface FencedChange {
  /**
   * One statement that returns a row for each row that it changed. It must read from `fence`, or have
   * `EXISTS (SELECT FROM fence)` among its conditions.
   */
  readonly change: string;
  readonly values: readonly unknown[];
  /** Further statements with the same values, `name AS (…)`; what is said of `change` holds for them. */
  readonly also?: readonly string[];
  /** Stored with the change, or not at all when nothing changed. */
  readonly event?: OutboxEvent;
}

/** Tells a change that was refused from one that found nothing to do. */
export interface FenceMarks {
  readonly isHeld: boolean;
  /** `null` in the one row that stands for no change. */
  readonly hasChanged: true | null;
}

/**
 * The change as one statement that does nothing unless this node holds the instance under this epoch. The row of the owner
 * is locked FOR SHARE until the change is stored, so that a takeover waits for it, and a change that has waited for a
 * takeover finds another epoch. (FOR KEY SHARE would let the takeover pass.)
 */
export function fencedStatement(
  { change, values, also = [], event }: FencedChange,
  holder: { readonly instanceId: string; readonly nodeId: string; readonly epoch: string },
): Statement {
  const given = [...values, holder.instanceId, holder.nodeId, holder.epoch];
  const [instance, node, epoch] = [1, 2, 3].map((place) => `$${values.length + place}`);
  const told = event && eventInsert(event, 'changed', given.length);
  const parts = [
    `fence AS (SELECT 1 FROM session_owners
       WHERE instance_id = ${instance}::uuid AND node_id = ${node}::uuid AND epoch = ${epoch}::bigint FOR SHARE)`,
    ...also,
    `changed AS (${change})`,
    ...(told ? [`told AS (${told.sql})`] : []),
  ];
  return [
    `WITH ${parts.join(',\n')}
     SELECT held.*, done.* FROM (SELECT EXISTS (SELECT FROM fence) AS "isHeld") AS held
     LEFT JOIN (SELECT true AS "hasChanged", changed.* FROM changed) AS done ON true`,
    [...given, ...(told?.values ?? [])],
  ];
}
