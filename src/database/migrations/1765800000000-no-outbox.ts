import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * An event becomes deliveries in the statement that stores it, so there is no table of events any more. What waits in it is queued
 * now. Nodes of an earlier release, which run on during an upgrade, still write into `event_outbox`: until a later release drops it,
 * it is a view that queues what they write. Where the product is reached, which an event tells, is known from earlier deliveries.
 */
export class NoOutbox1765800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `ALTER TABLE event_outbox RENAME TO event_outbox_left`,
  `CREATE VIEW event_outbox AS SELECT NULL::bigint AS id, NULL::uuid AS event_id, NULL::uuid AS instance_id, NULL::text AS type,
     NULL::text AS lane, NULL::timestamptz AS happened_at, NULL::json AS data WHERE false`,
  `CREATE FUNCTION event_outbox_queue(event_id uuid, event_instance uuid, event_type text, event_lane text,
     happened_at timestamptz, data json) RETURNS void LANGUAGE plpgsql AS $$
   DECLARE
     base_url text := coalesce(
       (SELECT CASE WHEN left(body, 1) = '{' THEN body::json -> 'instanceData' ->> 'baseUrl' END FROM webhook_deliveries
        WHERE instance_id = event_instance ORDER BY position DESC LIMIT 1),
       (SELECT body::json -> 'instanceData' ->> 'baseUrl' FROM webhook_deliveries WHERE left(body, 1) = '{' LIMIT 1));
   BEGIN
     WITH queued AS (
       INSERT INTO webhook_deliveries (event_id, webhook_id, instance_id, lane, event, body)
       SELECT event_outbox_queue.event_id, webhooks.id, event_instance, event_lane, event_type,
         json_build_object('id', event_outbox_queue.event_id, 'event', event_type,
           'timestamp', to_char(happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', event_outbox_queue.data,
           'instanceData', json_build_object('baseUrl', coalesce(base_url, ''), 'instance', instances.name))::text
       FROM instances JOIN webhooks ON webhooks.instance_id = instances.id AND webhooks.enabled AND webhooks.url IS NOT NULL
         AND (webhooks.events = '{}' OR event_type = ANY (webhooks.events))
       WHERE instances.id = event_instance
       RETURNING webhook_id
     )
     INSERT INTO webhook_lanes (webhook_id, lane) SELECT webhook_id, event_lane FROM queued ORDER BY webhook_id
     ON CONFLICT (webhook_id, lane) DO UPDATE SET lane = excluded.lane;
   END $$`,
  `CREATE FUNCTION event_outbox_insert() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     PERFORM event_outbox_queue(gen_random_uuid(), NEW.instance_id, NEW.type, NEW.lane, NEW.happened_at, NEW.data);
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER event_outbox_insert INSTEAD OF INSERT ON event_outbox
   FOR EACH ROW EXECUTE FUNCTION event_outbox_insert()`,
  `SELECT event_outbox_queue(event_id, instance_id, type, lane, happened_at, data)
   FROM (SELECT * FROM event_outbox_left ORDER BY id) AS waiting`,
  // Dropping it would lock the table of instances, whose rows wait for it in transactions of an earlier release.
  `DELETE FROM event_outbox_left`,
];

const DOWN = [
  `DROP VIEW event_outbox`,
  `DROP FUNCTION event_outbox_insert()`,
  `DROP FUNCTION event_outbox_queue(uuid, uuid, text, text, timestamptz, json)`,
  `ALTER TABLE event_outbox_left RENAME TO event_outbox`,
];
