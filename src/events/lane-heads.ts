import type { EntityManager } from 'typeorm';
import type { DueDelivery, Lane } from './due-delivery.js';

/** `$1` as rows with the columns `"webhookId"` and `lane`. */
export const LANES = `json_to_recordset($1::json) AS lanes ("webhookId" uuid, lane text)`;

const HEADS = `
  SELECT lanes."webhookId", lanes.lane, first.id AS "deliveryId", first.event_id AS "eventId", first.event,
    first.body, first.attempts,
    extract(epoch FROM clock_timestamp() - first.created_at)::double precision AS "queuedSeconds",
    webhooks.instance_id AS "instanceId", instances.account_id AS "accountId", instances.name AS instance, webhooks.label, webhooks.enabled,
    webhooks.updated_at AS "configuredAt", webhooks.url,
    webhooks.sealed_url AS "sealedUrl", webhooks.headers,
    webhooks.by_events AS "byEvents", webhooks.authorization_value AS "authorizationValue", webhooks.secret,
    CASE WHEN webhooks.previous_secret_until > now() THEN webhooks.previous_secret END AS "previousSecret"
  FROM ${LANES}
  JOIN webhooks ON webhooks.id = lanes."webhookId"
  JOIN instances ON instances.id = webhooks.instance_id
  CROSS JOIN LATERAL (
    SELECT * FROM webhook_deliveries
    WHERE webhook_id = lanes."webhookId" AND lane = lanes.lane AND status = 'pending'
    ORDER BY position LIMIT 1
  ) first`;

/** The first pending delivery of each lane that has one. */
export function headsOf(manager: EntityManager, lanes: readonly Lane[]): Promise<DueDelivery[]> {
  return manager.query<DueDelivery[]>(HEADS, [lanesParameter(lanes)]);
}

export function lanesParameter(lanes: readonly Lane[]): string {
  return JSON.stringify(lanes.map(({ webhookId, lane }) => ({ webhookId, lane })));
}
