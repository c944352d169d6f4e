import type { DataSource } from 'typeorm';
import { OwnershipLost } from '../../src/cluster/ownership.errors.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import { EventStored } from '../../src/common/events/webhook-event.js';
import { instanceUpdate } from '../../src/common/events/webhook-event.js';
import { SilentLog } from '../support/silent-log.js';
import { BASE_URL, fencedWrites } from '../support/test-ownership.js';
import { later, start } from './calls-stage.js';
import { callUpdate, EventProcess, keepEvents, keptEvents, newEventSource, until } from './events-stage.js';
import { openTestDatabase, setUpInstances } from './instances-stage.js';

let dataSource: DataSource;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

afterAll(() => dataSource.destroy());

/** What was queued for the webhooks of an instance, in order. */
const deliveriesOf = (instanceId: string) =>
  dataSource.query<{ label: string; lane: string; event: string; body: string }[]>(
    `SELECT webhooks.label, lane, event, body FROM webhook_deliveries JOIN webhooks ON webhooks.id = webhook_id
     WHERE webhook_deliveries.instance_id = $1 ORDER BY position`,
    [instanceId],
  );

/** Events of the instance that live listeners hear. */
function heardOn(events: EventBus, instanceId: string): EventStored[] {
  const heard: EventStored[] = [];
  events.on(EventStored, (event) => void (event.instanceId === instanceId && heard.push(event)));
  return heard;
}

const dataOf = (text: string) => (JSON.parse(text) as { data: Record<string, unknown> }).data;
const idOf = (text: string) => (JSON.parse(text) as { id: string }).id;

/** Writes of a process, and what its live listeners hear. */
async function setUp(name?: string) {
  const { instanceId, caller } = await newEventSource(dataSource, name);
  const events = new EventBus(new SilentLog());
  const heard = heardOn(events, instanceId);
  const writes = fencedWrites(dataSource, events);
  const change = (to: string, ...steps: number[]) =>
    writes.run(instanceId, {
      change: `UPDATE instances SET profile_name = $2 WHERE id = $1 AND profile_name IS DISTINCT FROM $2
        AND EXISTS (SELECT FROM fence) RETURNING id`,
      values: [instanceId, to],
      events: steps.map((step) => callUpdate(instanceId, 'A', step)),
    });
  return { instanceId, accountId: caller.accountId, events, heard, writes, change };
}

describe('an event', () => {
  it('is stored with the change that it reports, or not at all', async () => {
    const { instanceId } = await newEventSource(dataSource);
    await keepEvents(dataSource, instanceId);
    const { writer } = new EventProcess(dataSource);
    const failing = dataSource.transaction(async (manager) => {
      await writer.store(manager, callUpdate(instanceId, 'A', 1));
      throw new Error('the change failed');
    });
    await expect(failing).rejects.toThrow('the change failed');
    expect(await keptEvents(dataSource, instanceId)).toEqual([]);
    await dataSource.transaction((manager) => writer.store(manager, callUpdate(instanceId, 'A', 1)));
    expect(await keptEvents(dataSource, instanceId)).toMatchObject([{ callId: 'A', step: 1 }]);
  });

  it('is neither stored nor heard when nothing changed, when the change fails, or when it is refused', async () => {
    const { instanceId, heard, writes, change } = await setUp();
    await keepEvents(dataSource, instanceId);
    await change('Ana', 1);
    await change('Ana', 2);
    const failing = writes.run(instanceId, {
      change: `UPDATE instances SET status = 'nonsense' WHERE id = $1 AND EXISTS (SELECT FROM fence) RETURNING id`,
      values: [instanceId],
      events: [callUpdate(instanceId, 'A', 3)],
    });
    await expect(failing).rejects.toThrow(/constraint/);
    await dataSource.query('UPDATE session_owners SET epoch = epoch + 1 WHERE instance_id = $1', [
      instanceId,
    ]);
    await expect(change('Eva', 4)).rejects.toThrow(OwnershipLost);
    expect(await keptEvents(dataSource, instanceId)).toMatchObject([{ step: 1 }]);
    expect(heard.map(({ text }) => dataOf(text).step)).toEqual([1]);
  });

  it('becomes a delivery for each webhook that is enabled, has an address and wants it', async () => {
    const { instanceId, accountId, heard, change } = await setUp();
    await dataSource.query(
      `INSERT INTO webhooks (instance_id, label, enabled, url, events) VALUES
         ($1, 'all', true, 'https://hooks.example.com', '{}'),
         ($1, 'some', true, 'https://hooks.example.com', '{instance.state,call.update}'),
         ($1, 'others', true, 'https://hooks.example.com', '{instance.state}'),
         ($1, 'disabled', false, 'https://hooks.example.com', '{}'),
         ($1, 'no address', true, NULL, '{}')`,
      [instanceId],
    );
    const other = await newEventSource(dataSource);
    await keepEvents(dataSource, other.instanceId);
    await change('Ana', 1);
    const deliveries = await deliveriesOf(instanceId);
    expect(deliveries.map(({ label }) => label).sort()).toEqual(['all', 'some']);
    expect(new Set(deliveries.map(({ body }) => body)).size).toBe(1);
    const lanes = await dataSource.query<Record<string, unknown>[]>(
      `SELECT webhook_id AS "webhookId", label, lane, account_id, claimed_by, due_at <= now() AS due
       FROM webhook_lanes JOIN webhooks ON webhooks.id = webhook_id WHERE instance_id = $1 ORDER BY label`,
      [instanceId],
    );
    const lane = { lane: 'call:A', account_id: accountId, claimed_by: null, due: true };
    expect(lanes).toMatchObject([
      { label: 'all', ...lane },
      { label: 'some', ...lane },
    ]);
    const woken = heard[0]?.lanes ?? [];
    expect(woken).toHaveLength(2);
    expect(woken).toEqual(
      expect.arrayContaining(lanes.map(({ webhookId }) => ({ webhookId, lane: 'call:A' }))),
    );
    expect(await deliveriesOf(other.instanceId)).toEqual([]);
  });

  it('without a webhook that wants it is heard by live listeners all the same, and leaves nothing behind', async () => {
    const { instanceId, heard, change } = await setUp();
    await dataSource.query(
      `INSERT INTO webhooks (instance_id, label, enabled, url, events) VALUES
         ($1, 'others', true, 'https://hooks.example.com', '{instance.state}'),
         ($1, 'disabled', false, 'https://hooks.example.com', '{}')`,
      [instanceId],
    );
    await change('Ana', 1);
    expect(heard).toMatchObject([{ type: 'call.update', lanes: [] }]);
    expect(await deliveriesOf(instanceId)).toEqual([]);
    const lanes = `SELECT FROM webhook_lanes JOIN webhooks ON webhooks.id = webhook_id WHERE instance_id = $1`;
    expect(await dataSource.query(lanes, [instanceId])).toEqual([]);
  });

  it('goes with its instance', async () => {
    const { instanceId, change } = await setUp();
    await keepEvents(dataSource, instanceId);
    await change('Ana', 1);
    expect(await deliveriesOf(instanceId)).toHaveLength(1);
    await dataSource.query('DELETE FROM instances WHERE id = $1', [instanceId]);
    const left = 'SELECT FROM webhook_deliveries WHERE instance_id = $1';
    expect(await dataSource.query(left, [instanceId])).toEqual([]);
  });

  it('is heard by live listeners once it is stored, in order, with the text that webhooks get', async () => {
    const name = 'Shop_1-a';
    const { instanceId, events, heard, change } = await setUp(name);
    await keepEvents(dataSource, instanceId);
    const wasStored = new Map<string, boolean>();
    events.on(EventStored, async ({ text }) => {
      wasStored.set(
        text,
        (await deliveriesOf(instanceId)).some(({ body }) => body === text),
      );
    });
    await change('Ana', 1);
    await change('Eva', 2);
    await change('Ida', 3);
    const texts = heard.map(({ text }) => text);
    expect(texts.map((text) => dataOf(text).step)).toEqual([1, 2, 3]);
    expect((await deliveriesOf(instanceId)).map(({ body }) => body)).toEqual(texts);
    await until(() => wasStored.size === 3, 'each was looked up when it was heard');
    expect([...wasStored.values()]).toEqual([true, true, true]);
    for (const [index, text] of texts.entries()) {
      const envelope = {
        id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as unknown,
        event: 'call.update',
        timestamp: dataOf(text).timestamp,
        data: expect.objectContaining({ state: 'ringing', callId: 'A', step: index + 1 }) as unknown,
        instanceData: { baseUrl: BASE_URL, instance: name },
      };
      expect(JSON.parse(text)).toEqual(envelope);
      expect(Object.keys(JSON.parse(text) as object)).toEqual(Object.keys(envelope));
      expect(text).toBe(JSON.stringify(JSON.parse(text)));
    }
    expect(new Set(texts.map(idOf)).size).toBe(3);
  });

  it('keeps what it says as it is: the order of its fields, and every character', async () => {
    const { instanceId, heard, writes } = await setUp();
    await keepEvents(dataSource, instanceId);
    const at = new Date('2026-01-01T00:00:00.120Z');
    const data = {
      z: 1,
      a: null,
      '"quoted"': '\\ \u0000 \u2028 \ud83d \u007f €',
      list: [{ y: 1.5, b: true }],
    };
    await writes.run(instanceId, {
      change: 'SELECT 1 AS one FROM fence',
      values: [],
      events: [{ instanceId, type: 'call.update', lane: 'call:A', at, data }],
    });
    const [{ text } = { text: '' }] = heard;
    const instanceData = { baseUrl: BASE_URL, instance: 'shop' };
    expect(text).toBe(
      JSON.stringify({
        id: idOf(text),
        event: 'call.update',
        timestamp: at.toISOString(),
        data,
        instanceData,
      }),
    );
    expect((await deliveriesOf(instanceId)).map(({ body }) => body)).toEqual([text]);
  });

  it('keeps its place among those that are stored in the same statement', async () => {
    const { instanceId, heard, change } = await setUp();
    await keepEvents(dataSource, instanceId);
    const steps = Array.from({ length: 50 }, (_, index) => index + 1);
    await change('Ana', ...steps);
    expect((await keptEvents(dataSource, instanceId)).map(({ step }) => step)).toEqual(steps);
    expect(heard.map(({ text }) => dataOf(text).step)).toEqual(steps);
    expect(new Set(heard.map(({ text }) => idOf(text))).size).toBe(50);
  });
});

describe('a change of many instances', () => {
  /** Three instances that it concerns and one that it does not. */
  async function setUpMany() {
    const { events, statuses } = setUpInstances(dataSource);
    const sources = [];
    for (const name of ['one', 'two', 'three', 'other']) {
      const source = await newEventSource(dataSource, name);
      await keepEvents(dataSource, source.instanceId);
      sources.push({ ...source, heard: heardOn(events, source.instanceId) });
    }
    const [other, ...concerned] = sources.reverse();
    if (!other) throw new Error('there is no instance');
    return { statuses, other, concerned, ids: sources.map(({ instanceId }) => instanceId) };
  }

  async function expectOneEventEach(
    { other, concerned }: Awaited<ReturnType<typeof setUpMany>>,
    state: string,
  ): Promise<void> {
    for (const { instanceId, name, heard } of concerned) {
      const deliveries = await deliveriesOf(instanceId);
      expect(deliveries).toMatchObject([{ label: 'kept', lane: 'instance', event: 'instance.state' }]);
      expect(heard.map(({ text }) => text)).toEqual(deliveries.map(({ body }) => body));
      expect(JSON.parse(heard[0]?.text ?? '')).toMatchObject({
        event: 'instance.state',
        timestamp: start.toISOString(),
        data: { state, timestamp: start.toISOString() },
        instanceData: { baseUrl: BASE_URL, instance: name },
      });
    }
    const ids = concerned.flatMap(({ heard }) => heard.map(({ text }) => idOf(text)));
    expect(new Set(ids).size).toBe(concerned.length);
    expect(await deliveriesOf(other.instanceId)).toEqual([]);
    expect(other.heard).toEqual([]);
  }

  it('stores and publishes one event for each that is marked as offline, with an id of its own', async () => {
    const many = await setUpMany();
    const { statuses, concerned, ids } = many;
    for (const { instanceId } of concerned) await statuses.move(instanceId, 'disconnected', 'connected', {});
    const offline = await statuses.markOffline(ids, instanceUpdate(start, { state: 'disconnected' }));
    expect(offline.map(({ id, name }) => [id, name]).sort()).toEqual(
      concerned.map(({ instanceId, name }) => [instanceId, name]).sort(),
    );
    await expectOneEventEach(many, 'disconnected');
    expect(await statuses.markOffline(ids, instanceUpdate(start, { state: 'disconnected' }))).toEqual([]);
    await expectOneEventEach(many, 'disconnected');
  });

  it('stores and publishes one event for each whose restriction is over, with an id of its own', async () => {
    const many = await setUpMany();
    const { statuses, concerned, other } = many;
    const restrict = (instanceId: string, until: Date) =>
      statuses.move(instanceId, 'disconnected', 'disconnected', {
        restricted: true,
        restrictedUntil: until,
      });
    for (const { instanceId } of concerned) await restrict(instanceId, later(-1));
    await restrict(other.instanceId, later(60));
    const lifted = await statuses.liftRestrictions(start, instanceUpdate(start, { state: 'unrestricted' }));
    expect(lifted).toHaveLength(3);
    expect(lifted).toEqual(
      expect.arrayContaining(
        concerned.map(({ instanceId, name, caller }) => ({
          id: instanceId,
          name,
          accountId: caller.accountId,
          status: 'disconnected',
        })),
      ),
    );
    await expectOneEventEach(many, 'unrestricted');
    expect(await statuses.liftRestrictions(start, instanceUpdate(start, { state: 'unrestricted' }))).toEqual(
      [],
    );
    await expectOneEventEach(many, 'unrestricted');
  });
});
