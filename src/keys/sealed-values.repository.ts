import type { DataSource } from 'typeorm';
import type { SealedColumn } from './sealed-columns.js';

/** A sealed value and where it stands. */
export interface SealedValue {
  readonly keyValues: readonly string[];
  readonly sealed: Buffer;
}

/** What takes the place of a value, as long as it still is the one that was read. */
export interface Replacement extends SealedValue {
  readonly fresh: Buffer;
}

const NO_INSTANCE = '00000000-0000-0000-0000-000000000000';

/** Reads and replaces the values of one sealed column while the product works with them. */
export class SealedValuesRepository {
  private readonly keyList: string;
  private readonly sameKey: string;
  /** `$1`, `$2`, … for the key, each with its type. */
  private readonly keyTypes: readonly string[];

  constructor(
    private readonly database: DataSource,
    private readonly column: SealedColumn,
  ) {
    this.keyList = column.key.join(', ');
    this.sameKey = column.key.map((name) => `stored.${name} = given.${name}`).join(' AND ');
    this.keyTypes = column.key.map((_, index) => (index === 0 ? 'uuid' : 'text'));
  }

  /** Values that do not begin with `header`, in the order of their keys, behind `after`. */
  async findOthers(
    header: Buffer,
    after: readonly string[] | undefined,
    limit: number,
  ): Promise<SealedValue[]> {
    const { table, column, key } = this.column;
    const from = after ?? key.map((_, index) => (index === 0 ? NO_INSTANCE : ''));
    const behind = this.keyTypes.map((type, index) => `$${index + 3}::${type}`).join(', ');
    const rows = await this.database.query<{ key: string[]; sealed: Buffer }[]>(
      `SELECT ARRAY[${key.map((name) => `${name}::text`).join(', ')}] AS key, ${column} AS sealed
       FROM ${table}
       WHERE ${column} IS NOT NULL AND substring(${column} FROM 1 FOR octet_length($1::bytea)) <> $1
         AND (${this.keyList}) > (${behind})
       ORDER BY ${this.keyList} LIMIT $2`,
      [header, limit, ...from],
    );
    return rows.map((row) => ({ keyValues: row.key, sealed: row.sealed }));
  }

  /**
   * Compare-and-set on the bytes that were read, so that what the product has written since stays. A row that is locked
   * is left for later: a statement that waits for nobody can be no part of a deadlock.
   * @returns how many were replaced
   */
  async replace(replacements: readonly Replacement[]): Promise<number> {
    const { table, column, key } = this.column;
    const arrays = this.keyTypes.map((type, index) => `$${index + 3}::${type}[]`).join(', ');
    const rows = await this.database.query<[unknown[], number]>(
      `WITH given AS (
         SELECT * FROM unnest($1::bytea[], $2::bytea[], ${arrays}) AS g (old, fresh, ${this.keyList})
       ), free AS (
         SELECT ${key.map((name) => `stored.${name}`).join(', ')}, given.fresh
         FROM ${table} AS stored JOIN given ON ${this.sameKey} AND stored.${column} = given.old
         FOR NO KEY UPDATE OF stored SKIP LOCKED
       )
       UPDATE ${table} AS stored SET ${column} = given.fresh FROM free AS given WHERE ${this.sameKey}`,
      [
        replacements.map(({ sealed }) => sealed),
        replacements.map(({ fresh }) => fresh),
        ...key.map((_, index) => replacements.map(({ keyValues }) => keyValues[index])),
      ],
    );
    return rows[1];
  }
}
