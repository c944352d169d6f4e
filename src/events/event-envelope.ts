import type { EventType } from '../common/events/outbox.js';

/** What a webhook is tried with; it is never stored, and sent to nobody else. */
export const TEST_EVENT = 'webhook.test';

/** What webhooks and WebSockets receive. */
export interface EventEnvelope {
  /** The same over all retries and replays of the event. */
  readonly id: string;
  readonly event: EventType | typeof TEST_EVENT;
  /** When it happened: RFC 3339, UTC, milliseconds. */
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly instanceData: {
    readonly baseUrl: string;
    /** Name of the instance. */
    readonly instance: string;
  };
}
