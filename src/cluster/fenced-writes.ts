import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { fencedStatement, type FencedChange, type FenceMarks } from './fenced-statement.js';
import { OwnershipLost } from './ownership.errors.js';
import { Ownership } from './ownership.js';

/** Writes what belongs to an instance, as long as this process holds it. */
@Injectable()
export class FencedWrites {
  constructor(
    private readonly database: DataSource,
    private readonly ownership: Ownership,
  ) {}

  /** The epoch under which this process holds the instance now. @throws OwnershipLost */
  epochOf(instanceId: string): string {
    const epoch = this.ownership.epochOf(instanceId);
    if (epoch === undefined) throw new OwnershipLost();
    return epoch;
  }

  /**
   * Returns the rows that were changed. In a transaction, what follows is fenced as well.
   * @param epoch of the socket that writes; without it the one under which the instance is held now
   * @throws OwnershipLost nothing was written
   */
  async run<R extends object>(
    instanceId: string,
    change: FencedChange,
    { epoch = this.epochOf(instanceId), manager }: { epoch?: string; manager?: EntityManager } = {},
  ): Promise<R[]> {
    if (epoch !== this.epochOf(instanceId)) throw new OwnershipLost();
    const { nodeId } = this.ownership;
    const [sql, values] = fencedStatement(change, { instanceId, nodeId, epoch });
    const rows = await (manager ?? this.database).query<(R & FenceMarks)[]>(sql, values);
    if (!rows[0]?.isHeld) {
      this.ownership.refused(instanceId, epoch);
      throw new OwnershipLost();
    }
    return rows.filter(({ hasChanged }) => hasChanged).map(withoutMarks);
  }

  /**
   * The same change for many instances: for those that are still held here. `fence` names them in `instance_id`.
   * @param change one statement that returns the rows that it changed
   */
  async runForMany<R extends object>(
    instanceIds: readonly string[],
    { change, values, also = [] }: Omit<FencedChange, 'event'>,
  ): Promise<R[]> {
    const [node, ids] = [1, 2].map((place) => `$${values.length + place}`);
    const fence = `fence AS (SELECT instance_id FROM session_owners
      WHERE node_id = ${node}::uuid AND instance_id = ANY (${ids}::uuid[]) FOR SHARE)`;
    return this.database.query<R[]>(
      `WITH ${[fence, ...also, `changed AS (${change})`].join(',\n')} SELECT * FROM changed`,
      [...values, this.ownership.nodeId, instanceIds],
    );
  }
}

function withoutMarks<R extends object>(row: R): R {
  Reflect.deleteProperty(row, 'isHeld');
  Reflect.deleteProperty(row, 'hasChanged');
  return row;
}
