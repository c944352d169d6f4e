import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { InstanceStateChanged } from '../instances/instance-state-changed.event.js';
import { MetricsRegistry } from './metrics-registry.js';
import { RECONNECT_REASONS, reconnectReasonOf } from './reconnect-reason.js';
import { StoredFigure } from './stored-figure.js';

/**
 * Each instance is in one of them. The status of an instance says what its session does; these also say whether that is what
 * an operator expects. `connected`, `connecting` and `disconnected` have a linked phone and an enabled account, so the last two are
 * sessions that ought to be open; `account_disabled` are those that were closed with their account.
 */
export const SESSION_STATES = [
  'connected',
  'connecting',
  'disconnected',
  'account_disabled',
  'never_linked',
  'linking',
  'loggedout',
] as const;

/**
 * Links and accounts are looked up only where the status does not tell: of most instances it does, and the table of links is large.
 * A phone that was ever linked has left its number.
 */
const COUNT_BY_STATE = `
  SELECT state, count(*)::int AS instances, (count(*) FILTER (WHERE restricted))::int AS restricted
  FROM (
    SELECT status AS state, restricted FROM instances WHERE status IN ('connected', 'loggedout')
    UNION ALL
    SELECT CASE
        WHEN linked AND accounts.enabled THEN status
        WHEN linked THEN 'account_disabled'
        WHEN status = 'connecting' THEN 'linking'
        WHEN number_jid IS NULL THEN 'never_linked'
        ELSE 'loggedout'
      END, restricted
    FROM instances JOIN accounts ON accounts.id = instances.account_id
      LEFT JOIN session_credentials ON session_credentials.instance_id = instances.id
    WHERE status IN ('connecting', 'disconnected')
  ) states GROUP BY state`;

interface StateCount {
  readonly state: string;
  readonly instances: number;
  readonly restricted: number;
}

/** How many sessions are in which state, by the database, and how often they had to connect again. */
@Injectable()
export class SessionMetrics implements OnModuleInit {
  private readonly counts: StoredFigure<readonly StateCount[]>;

  constructor(
    private readonly metrics: MetricsRegistry,
    private readonly events: EventBus,
    dataSource: DataSource,
    clock: Clock,
    log: Log,
  ) {
    this.counts = new StoredFigure(() => dataSource.query<StateCount[]>(COUNT_BY_STATE), clock, log);
  }

  onModuleInit(): void {
    this.countReconnects();
    const sessions = this.metrics.gauge({
      name: 'ringdrop_sessions',
      help: 'Instances by the state of their session, of the whole installation; missing while the database is away',
      labelNames: ['state'],
      collect: async () => {
        const counts = await this.counts.read();
        sessions.reset();
        if (!counts) return;
        for (const state of SESSION_STATES) sessions.set({ state }, 0);
        for (const { state, instances } of counts) sessions.set({ state }, instances);
      },
    });
    const restricted = this.metrics.gauge({
      name: 'ringdrop_instances_restricted',
      help: 'Instances whose account WhatsApp restricts, of the whole installation; missing while the database is away',
      collect: async () => {
        const counts = await this.counts.read();
        if (counts) restricted.set(counts.reduce((sum, one) => sum + one.restricted, 0));
        else restricted.remove();
      },
    });
  }

  private countReconnects(): void {
    const reconnects = this.metrics.counter({
      name: 'ringdrop_session_reconnects_total',
      help: 'Connections to WhatsApp that were lost and are opened again by themselves, by the reason of the loss',
      labelNames: ['reason'],
    });
    for (const reason of RECONNECT_REASONS) reconnects.inc({ reason }, 0);
    this.events.on(InstanceStateChanged, ({ signal }) => {
      if (signal.type !== 'disconnected' || signal.retryAt === null) return;
      reconnects.inc({ reason: reconnectReasonOf(signal.code) });
    });
  }
}
