import { Injectable } from '@nestjs/common';
import { FencedWrites } from '../cluster/fenced-writes.js';
import type { OutboxEvent } from '../common/events/outbox.js';

/** Incoming calls have no rows: what happens to them is only told. */
@Injectable()
export class IncomingCallsRepository {
  constructor(private readonly writes: FencedWrites) {}

  /** @throws OwnershipLost */
  async append(event: OutboxEvent): Promise<void> {
    await this.writes.run(event.instanceId, { change: 'SELECT 1 AS done FROM fence', values: [], event });
  }
}
