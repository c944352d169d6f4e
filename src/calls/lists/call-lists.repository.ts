import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { compareInList, type ListPosition } from './call-cursor.js';
import { callListQuery, type CallFilter, type CallTable } from './call-list-query.js';
import { CALL_COLUMNS, type Call } from '../store/call.entity.js';
import type { IncomingCall } from '../incoming/incoming-call.js';
import { INCOMING_CALLS } from '../incoming/incoming-calls.repository.js';

/** A call of a list. */
export type ListedCall =
  | { readonly direction: 'outgoing'; readonly call: Call }
  | { readonly direction: 'incoming'; readonly call: IncomingCall };

/** Preparations that are no calls yet are not listed. */
const OUTGOING_CALLS: CallTable = {
  direction: 'outgoing',
  name: 'calls',
  columns: CALL_COLUMNS,
  number: 'number',
  listed: `(call_id IS NOT NULL OR state = 'ended')`,
};

/** The calls of an instance in both directions, for reading. */
@Injectable()
export class CallListsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** Newest first. */
  async list(instanceId: string, filter: CallFilter): Promise<ListedCall[]> {
    const wants = (direction: CallTable['direction']): boolean =>
      filter.direction === direction || filter.direction === 'all';
    const [outgoing, incoming] = await Promise.all([
      wants('outgoing') ? this.read<Call>(OUTGOING_CALLS, instanceId, filter) : [],
      wants('incoming') ? this.read<IncomingCall>(INCOMING_CALLS, instanceId, filter) : [],
    ]);
    return [
      ...outgoing.map((call) => ({ direction: 'outgoing', call }) as const),
      ...incoming.map((call) => ({ direction: 'incoming', call }) as const),
    ]
      .sort((one, other) => compareInList(positionOf(one), positionOf(other)))
      .slice(0, filter.limit);
  }

  private async read<R>(table: CallTable, instanceId: string, filter: CallFilter): Promise<R[]> {
    const query = callListQuery(table, instanceId, filter);
    return query ? this.dataSource.query<R[]>(...query) : [];
  }
}

/** Where the call stands in the list. */
export function positionOf({ direction, call }: ListedCall): ListPosition {
  return { direction, requestedAt: call.requestedAt, rowId: call.id };
}
