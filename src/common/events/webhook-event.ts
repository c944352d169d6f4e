/** What happens to instances, by its name on the wire. */
export type EventType = 'call.update' | 'instance.state';

/** Something that happened, whichever instance it happened to. */
export interface EventContent {
  readonly type: EventType;
  /** Events of one instance with the same lane arrive in their order; different lanes do not wait for each other. */
  readonly lane: string;
  readonly at: Date;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Something that happened to an instance, for its webhooks and WebSockets. */
export interface WebhookEvent extends EventContent {
  readonly instanceId: string;
}

/** All events of an instance that are not about calls arrive in their order. */
const INSTANCE_LANE = 'instance';

/** What an event reports of an instance, by its name on the wire. */
export type InstanceEventState =
  | 'qr_ready'
  | 'pair_success'
  | 'connecting'
  | 'connected'
  | 'disconnected'
  | 'passkey_required'
  | 'logged_out'
  | 'stream_replaced'
  | 'client_outdated'
  | 'connect_failure'
  | 'restricted'
  | 'unrestricted'
  | 'webhook_disabled';

/** An event that is not about a call. */
export function instanceUpdate(
  at: Date,
  { state, ...more }: { readonly state: InstanceEventState } & Readonly<Record<string, unknown>>,
): EventContent {
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
