import { Injectable } from '@nestjs/common';
import { DeferredWrites } from '../common/database/deferred-writes.js';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import type { SessionSignal } from '../whatsapp/whatsapp-signals.js';
import { InstanceLeaving } from './instance-leaving.event.js';
import { InstanceStateChanged } from './instance-state-changed.event.js';
import { instanceEvent, isOfOutdatedClient, logInstanceEvent } from './instance-event.js';
import { nextInstanceStatus } from './instance-state.js';
import { InstanceStatusRepository, type InstanceRow } from './instance-status.repository.js';
import { columnsOf } from './signal-columns.js';

/** Another process may move the row between our reading and our writing; then the signal is judged anew. */
const MAX_ATTEMPTS = 5;

/** Codes that WhatsApp itself uses for the same two ends, as Baileys 7.0.0-rc14 `DisconnectReason` names them. */
const LOGGED_OUT_CODE = 401;
const CONNECTION_CLOSED_CODE = 428;

/**
 * Brings what sessions tell into the rows of their instances, in order, and tells the house after each write. What they tell
 * while the database is away is stored when it is back.
 */
@Injectable()
export class InstanceStates {
  private readonly writes: DeferredWrites;
  /** Instances whose last event was a QR code: another one only renews it. */
  private readonly showingQr = new Set<string>();

  constructor(
    private readonly repository: InstanceStatusRepository,
    private readonly events: EventBus,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.writes = new DeferredWrites(clock, log);
  }

  /** Signals of one instance are applied one after another in the order of the calls. */
  apply(signal: SessionSignal): Promise<void> {
    return this.writes.run(signal.instanceId, () => this.applyInTurn(signal));
  }

  /** Tells the house that the session will end at the owner's wish; resolves when everybody has reacted. */
  leaving(instanceId: string, reason: string): Promise<void> {
    // A session that is closed for good may end without a signal.
    this.showingQr.delete(instanceId);
    return this.events.publish(new InstanceLeaving(instanceId, reason));
  }

  /** The owner removed the link to the phone; sessions end without a signal then. */
  loggedOut(instanceId: string): Promise<void> {
    const reason = 'Logged out through the API';
    return this.apply({
      type: 'logged_out',
      instanceId,
      at: this.clock.now(),
      code: LOGGED_OUT_CODE,
      reason,
    });
  }

  /** The session was closed on purpose, or could not even be opened; nobody will try again by itself. */
  closed(instanceId: string, reason: string): Promise<void> {
    const at = this.clock.now();
    return this.apply({
      type: 'disconnected',
      instanceId,
      at,
      code: CONNECTION_CLOSED_CODE,
      reason,
      retryAt: null,
    });
  }

  /** Resolves when what the session of one instance has told so far is stored. */
  settled(instanceId: string): Promise<void> {
    return this.writes.run(instanceId, () => Promise.resolve());
  }

  /** Resolves when all signals are stored. */
  idle(): Promise<void> {
    return this.writes.idle();
  }

  /** Gives up what waits for the database; what is under way is finished. */
  stop(): Promise<void> {
    return this.writes.stop();
  }

  private async applyInTurn(signal: SessionSignal): Promise<void> {
    const { instanceId, type } = signal;
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const row = await this.repository.find(instanceId);
      const next = row && nextInstanceStatus(row.status, type);
      if (!next) {
        this.log.debug('A signal of a session came too late', {
          instanceId,
          signal: type,
          status: row?.status,
        });
        return;
      }
      const event = instanceEvent(row, next, signal);
      if (await this.repository.move(instanceId, row.status, next, columnsOf(signal, row), event)) {
        const { id, accountId, name } = row;
        const level = this.levelOf(row, signal);
        if (event) logInstanceEvent(this.log, row, event, level);
        await this.events.publish(
          new InstanceStateChanged({ id, accountId, name }, row.status, next, signal),
        );
        return;
      }
    }
    this.log.warn('A signal of a session was lost to faster writers', { instanceId, signal: type });
  }

  private levelOf(row: InstanceRow, signal: SessionSignal): 'info' | 'debug' {
    const isRenewedQr = signal.type === 'qr_ready' && this.showingQr.has(row.id);
    if (signal.type === 'qr_ready') this.showingQr.add(row.id);
    else this.showingQr.delete(row.id);
    return isRenewedQr || isOfOutdatedClient(row, signal) ? 'debug' : 'info';
  }
}
