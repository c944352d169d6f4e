import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Work is claimed account by account and handed out instance by instance, so both need an index in that order. The account of a lane
 * is filled in by the table itself: nodes of an earlier release, which run on during an upgrade, do not know the column.
 */
export class FairDeliveries1765400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of UP) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of DOWN) await runner.query(statement);
  }
}

const UP = [
  `ALTER TABLE webhooks ADD paused_until timestamptz`,
  `ALTER TABLE webhook_lanes ADD account_id uuid`,
  `UPDATE webhook_lanes SET account_id = instances.account_id
   FROM webhooks JOIN instances ON instances.id = webhooks.instance_id WHERE webhooks.id = webhook_lanes.webhook_id`,
  `ALTER TABLE webhook_lanes ALTER account_id SET NOT NULL`,
  `CREATE FUNCTION webhook_lanes_account() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     SELECT instances.account_id INTO NEW.account_id
     FROM webhooks JOIN instances ON instances.id = webhooks.instance_id WHERE webhooks.id = NEW.webhook_id;
     RETURN NEW;
   END $$`,
  `CREATE TRIGGER webhook_lanes_account BEFORE INSERT ON webhook_lanes
   FOR EACH ROW WHEN (NEW.account_id IS NULL) EXECUTE FUNCTION webhook_lanes_account()`,
  `CREATE INDEX webhook_lanes_by_account ON webhook_lanes (account_id, webhook_id, due_at)`,
  `DROP INDEX webhook_lanes_due`,
  `CREATE INDEX event_outbox_in_order ON event_outbox (instance_id, id)`,
  `DROP INDEX event_outbox_by_instance`,
];

const DOWN = [
  `CREATE INDEX event_outbox_by_instance ON event_outbox (instance_id)`,
  `DROP INDEX event_outbox_in_order`,
  `CREATE INDEX webhook_lanes_due ON webhook_lanes (webhook_id, due_at)`,
  `DROP INDEX webhook_lanes_by_account`,
  `DROP TRIGGER webhook_lanes_account ON webhook_lanes`,
  `DROP FUNCTION webhook_lanes_account()`,
  `ALTER TABLE webhook_lanes DROP account_id`,
  `ALTER TABLE webhooks DROP paused_until`,
];
