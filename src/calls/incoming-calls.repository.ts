import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { appendEvent, type OutboxEvent } from '../common/events/outbox.js';

/** Incoming calls have no rows: what happens to them is only told. */
@Injectable()
export class IncomingCallsRepository {
  constructor(private readonly dataSource: DataSource) {}

  append(event: OutboxEvent): Promise<void> {
    return appendEvent(this.dataSource.manager, event);
  }
}
