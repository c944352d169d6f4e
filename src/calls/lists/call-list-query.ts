import type { ListPosition } from './call-cursor.js';
import type { CallDirection, CallOutcome, CallState, IncomingOutcome } from '../call-state.js';

/** A statement and the values of its parameters. */
type Statement = readonly [sql: string, values: unknown[]];

export interface CallFilter {
  readonly direction: CallDirection | 'all';
  readonly state?: CallState;
  readonly outcome?: CallOutcome | IncomingOutcome;
  /** Any of these numbers. */
  readonly numbers?: readonly string[];
  /** Requested at this time or later. */
  readonly from?: Date;
  /** Requested before this time. */
  readonly to?: Date;
  /** Only what comes after this place in the list. */
  readonly after?: ListPosition;
  readonly limit: number;
}

/** A table of calls. */
export interface CallTable {
  readonly direction: CallDirection;
  readonly name: string;
  /** Select list. */
  readonly columns: string;
  /** Column with the digits that `numbers` are compared with. */
  readonly number: string;
  /** What is listed at all. */
  readonly listed: string;
}

/**
 * The newest calls of an instance that match the filter, by an index that has just these in the order of the list. `undefined`:
 * no call matches.
 */
export function callListQuery(
  table: CallTable,
  instanceId: string,
  filter: CallFilter,
): Statement | undefined {
  const { state, outcome, numbers, limit } = filter;
  const isLive = state !== undefined && state !== 'ended';
  if (outcome !== undefined && isLive) return undefined;
  const values: unknown[] = [instanceId];
  const put: Put = (value, type) => `$${values.push(value)}::${type}`;
  const conditions = [`instance_id = $1 AND ${table.listed}`, ...timesOf(table, filter, put)];
  const newest = `ORDER BY requested_at DESC, id DESC LIMIT ${put(limit, 'integer')}`;
  const page = (from: string, more: readonly string[]): string =>
    `SELECT ${table.columns} FROM ${from} WHERE ${[...conditions, ...more].join(' AND ')} ${newest}`;
  if (isLive) {
    const more = [`state = ${put(state, 'text')}`];
    if (numbers) more.push(`${table.number} = ANY (${put(numbers, 'text[]')})`);
    // Few, whatever else there is.
    const live = `SELECT * FROM ${table.name} WHERE instance_id = $1 AND state <> 'ended'`;
    return [`WITH live AS MATERIALIZED (${live}) ${page('live', more)}`, values];
  }
  // The same as the state: without figures the planner takes a value for rare, and that there is one for common.
  if (state !== undefined) conditions.push('outcome IS NOT NULL');
  // A page of each number, because an index on several numbers at once has no order.
  const pages = numbers?.map((number) => [`${table.number} = ${put(number, 'text')}`]) ?? [[]];
  const found =
    outcome === undefined
      ? pages.map((more) => page(table.name, more))
      : pages.map((more) =>
          pageOfOutcome((given) => page(table.name, [...more, given]), put(outcome, 'text')),
        );
  const [only = '', ...others] = found;
  if (others.length === 0) return [only, values];
  const all = found.map((one) => `(${one})`).join(' UNION ALL ');
  return [
    `SELECT * FROM (${all}) AS page ORDER BY "requestedAt" DESC, id DESC LIMIT ${put(limit, 'integer')}`,
    values,
  ];
}

type Put = (value: unknown, type: string) => string;

/**
 * Joined rather than compared with a value: the planner knows the share of an outcome over all instances, takes a common one
 * for common here, and would then read through the calls of the instance to find none.
 */
function pageOfOutcome(page: (condition: string) => string, outcome: string): string {
  const joined = page('outcome = wanted.value');
  return `SELECT page.* FROM unnest(ARRAY[${outcome}]) AS wanted (value) CROSS JOIN LATERAL (${joined}) AS page
    ORDER BY page."requestedAt" DESC, page.id DESC`;
}

function timesOf({ direction }: CallTable, { from, to, after }: CallFilter, put: Put): string[] {
  const times: string[] = [];
  const time = (value: Date): string => put(value, 'timestamptz');
  if (from) times.push(`requested_at >= ${time(from)}`);
  if (to) times.push(`requested_at < ${time(to)}`);
  if (!after) return times;
  const { requestedAt, rowId } = after;
  if (after.direction === direction) {
    times.push(`(requested_at, id) < (${time(requestedAt)}, ${put(rowId, 'bigint')})`);
  } else {
    // Of the same moment outgoing calls come first.
    times.push(`requested_at ${direction === 'incoming' ? '<=' : '<'} ${time(requestedAt)}`);
  }
  return times;
}
