import type { DataSource } from 'typeorm';
import { FencedWrites } from '../../src/cluster/fenced-writes.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import { EventWriter } from '../../src/common/events/event-writer.js';
import { Ownership, type Holder } from '../../src/cluster/ownership.js';

import { SilentLog } from './silent-log.js';

/** Where events say that the product is reached. */
export const BASE_URL = 'https://calls.example.com';

const NODE = '00000000-0000-4000-8000-000000000001';

/** A process that holds every instance until the test takes one away. */
export class TestOwnership extends Ownership {
  readonly nodeId = NODE;
  maySend = true;
  epoch = '1';
  readonly lost = new Set<string>();
  /** Instances whose writes the database refused. */
  readonly refusals: string[] = [];

  epochOf(instanceId: string): string | undefined {
    return this.lost.has(instanceId) ? undefined : this.epoch;
  }

  holderOf(instanceId: string): Promise<Holder> {
    const epoch = this.epochOf(instanceId);
    return Promise.resolve(epoch === undefined ? { kind: 'nobody' } : { kind: 'here', epoch });
  }

  acquire(instanceId: string): Promise<Holder> {
    return this.holderOf(instanceId);
  }

  confirm(instanceId: string): Promise<boolean> {
    return Promise.resolve(!this.lost.has(instanceId));
  }

  refused(instanceId: string): void {
    this.refusals.push(instanceId);
    this.lost.add(instanceId);
  }
}

/** Stores events that are published to whoever listens on the bus. */
export function eventWriter(events = new EventBus(new SilentLog())): EventWriter {
  return new EventWriter({ current: () => BASE_URL }, events);
}

/** Writes of a process that holds every instance, as long as the owner rows say so. */
export function fencedWrites(dataSource: DataSource, events?: EventBus): FencedWrites {
  return new FencedWrites(dataSource, new TestOwnership(), eventWriter(events));
}

/** Each new instance is held by the process of `TestOwnership` from its first moment. */
export async function holdNewInstances(dataSource: DataSource): Promise<void> {
  await dataSource.query(
    `CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN INSERT INTO session_owners (instance_id, node_id, epoch) VALUES (NEW.id, '${NODE}', 1); RETURN NULL; END $$`,
  );
  await dataSource.query(
    'CREATE TRIGGER hold AFTER INSERT ON instances FOR EACH ROW EXECUTE FUNCTION hold()',
  );
}
