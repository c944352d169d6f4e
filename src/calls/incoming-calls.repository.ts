import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { FencedWrites } from '../cluster/fenced-writes.js';
import type { OutboxEvent } from '../common/events/outbox.js';

/** Incoming calls have no rows: what happens to them is only told. */
@Injectable()
export class IncomingCallsRepository {
  constructor(
    private readonly dataSource: DataSource,
    private readonly writes: FencedWrites,
  ) {}

  /** Digits of the number behind a LID, as the newest call to it by number found it; `null`: there was no such call. */
  async numberOf(instanceId: string, lid: string): Promise<string | null> {
    // The condition on both columns is that of the index `calls_number_by_lid`: a call that was asked for by LID names no number.
    const [call] = await this.dataSource.query<{ number: string }[]>(
      `SELECT number FROM calls WHERE instance_id = $1 AND jid = $2 AND number || '@lid' <> jid ORDER BY id DESC LIMIT 1`,
      [instanceId, lid],
    );
    return call?.number ?? null;
  }

  /** @throws OwnershipLost */
  async append(event: OutboxEvent): Promise<void> {
    await this.writes.run(event.instanceId, { change: 'SELECT 1 AS done FROM fence', values: [], event });
  }
}
