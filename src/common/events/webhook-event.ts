/** What happens to instances, by its name on the wire. */
export type EventType = 'call.update' | 'instance.state';

/** Something that happened to an instance, for its webhooks and WebSockets. */
export interface WebhookEvent {
  readonly instanceId: string;
  readonly type: EventType;
  /** Events of one instance with the same lane arrive in their order; different lanes do not wait for each other. */
  readonly lane: string;
  readonly at: Date;
  readonly data: Readonly<Record<string, unknown>>;
}

/** All events of an instance that are not about calls arrive in their order. */
const INSTANCE_LANE = 'instance';

/** An event that is not about a call. */
export function instanceUpdate(
  at: Date,
  { state, ...more }: { readonly state: string } & Readonly<Record<string, unknown>>,
): Omit<WebhookEvent, 'instanceId'> {
  return {
    type: 'instance.state',
    lane: INSTANCE_LANE,
    at,
    data: { state, timestamp: at.toISOString(), ...more },
  };
}

/** A queue of deliveries of one webhook, in order. */
export interface Lane {
  readonly webhookId: string;
  readonly lane: string;
}

/** An event was stored, with a delivery for each webhook that wants it. */
export class EventStored {
  constructor(
    readonly instanceId: string,
    readonly type: EventType,
    /** The envelope as every receiver gets it: JSON. */
    readonly text: string,
    /** Where its deliveries wait. */
    readonly lanes: readonly Lane[],
  ) {}
}
