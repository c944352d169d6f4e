/** Webhooks of one instance, enabled or not. Earlier releases let an instance have more. */
export const MAX_WEBHOOKS = 20;

/** Label of the webhook that is configured without one. */
export const DEFAULT_WEBHOOK_LABEL = 'default';

/** How many webhooks of one instance can be enabled at the same time. */
export const MAX_ENABLED_WEBHOOKS = 3;

/** A change of the webhook with this label, which is made if there is none; what is `undefined` stays as it is. */
export interface WebhookChange {
  readonly label: string;
  /** `false` also clears URL, authorization, headers and events. */
  readonly enabled: boolean;
  /** Already checked against the target policy. What a list shows of the stored one stands for it. */
  readonly url?: string;
  /**
   * Value of the `Authorization` header; `null` = none. A stored one is forgotten when the URL moves to another origin,
   * because it would be handed to a stranger.
   */
  readonly authorization?: string | null;
  /** Further headers; `null` = none. Stored ones are forgotten as the authorization is. */
  readonly headers?: Readonly<Record<string, string>> | null;
  /** Append `/<event>` to the URL. */
  readonly byEvents?: boolean;
  /** Names of the events to send; empty = all. */
  readonly events?: readonly string[];
  /** A webhook secret; `null` = make a new one. The one before stays valid for 24 h. */
  readonly secret?: string | null;
}

/** A webhook as it may be shown: no secret, no authorization, no value of a header, of its address the host. */
export interface Webhook {
  readonly id: string;
  readonly label: string;
  readonly enabled: boolean;
  readonly url: string | null;
  readonly hasAuthorization: boolean;
  /** Names of further headers. */
  readonly headerNames: readonly string[];
  readonly byEvents: boolean;
  readonly events: readonly string[];
  readonly hasSecret: boolean;
  /** Why the product disabled it by itself; `null` otherwise. */
  readonly disabledReason: string | null;
  readonly disabledAt: Date | null;
  readonly counters: WebhookCounters;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What became of the deliveries of a webhook since it was made. */
interface WebhookCounters {
  readonly delivered: number;
  readonly dead: number;
  /** Attempts that were not answered with 2xx. */
  readonly failedAttempts: number;
  readonly lastSuccessAt: Date | null;
  readonly lastFailureAt: Date | null;
}

export interface ChangedWebhook {
  readonly webhook: Webhook;
  /** The signing secret when this change made one, which is the only time that it can be read; else `null`. */
  readonly madeSecret: string | null;
}

/** What came of a test. */
export interface WebhookTest {
  readonly eventId: string;
  readonly label: string;
  /** `null` = no answer. */
  readonly status: number | null;
  readonly durationMs: number;
  /** The beginning of the answer, without secrets; `null` = no answer. */
  readonly answer: string | null;
  /** Why it was no success; `null` = it was one. */
  readonly error: string | null;
}

/** A webhook that the product disabled by itself. */
export interface SwitchedOffWebhook {
  readonly webhookId: string;
  readonly instanceId: string;
  readonly accountId: string;
  /** Name of the instance. */
  readonly instance: string;
  readonly label: string;
  readonly reason: string;
}
