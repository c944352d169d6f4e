import type { DataSource } from 'typeorm';
import { Webhook } from 'standardwebhooks';
import { WebhookReceiver, type ReceivedWebhook } from '../support/webhook-receiver.js';
import {
  emitAndReceive,
  EventProcess,
  newEventSource,
  secrets,
  until,
  type EventSource,
} from './events-stage.js';
import { draft, openTestDatabase, setUpInstances } from './instances-stage.js';
import type { WebhookChange } from '../../src/webhooks/store/webhook-values.js';

let dataSource: DataSource;
let process: EventProcess;
let source: EventSource;
let receiver: WebhookReceiver;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

beforeEach(async () => {
  source = await newEventSource(dataSource);
  process = new EventProcess(dataSource).start();
  receiver = await WebhookReceiver.start();
});

afterEach(async () => {
  await process.stop();
  await receiver.close();
});

afterAll(() => dataSource.destroy());

const change = (more: Partial<WebhookChange> = {}) =>
  process.webhooks.change(source.caller, source.name, {
    label: 'default',
    enabled: true,
    url: receiver.url,
    ...more,
  });

const nextDelivery = (): Promise<ReceivedWebhook> => emitAndReceive(process, source, receiver);

function isSignedWith(secret: string, { body, headers }: ReceivedWebhook): boolean {
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
    return true;
  } catch {
    return false;
  }
}

describe('the webhooks of an instance', () => {
  it('get a signing secret that can be read once, and keep it', async () => {
    const { madeSecret, webhook } = await change();
    expect(webhook).toMatchObject({
      label: 'default',
      enabled: true,
      hasSecret: true,
      hasAuthorization: false,
    });
    const delivery = await nextDelivery();
    expect(isSignedWith(madeSecret ?? '', delivery)).toBe(true);
    const { id } = JSON.parse(delivery.body) as { id: string };
    expect(delivery.headers['webhook-id']).toBe(id);
    expect((await change({ events: ['call.update'] })).madeSecret).toBeNull();
    expect(isSignedWith(madeSecret ?? '', await nextDelivery())).toBe(true);
    await change({ enabled: false, url: undefined });
    expect((await change()).madeSecret).toBeNull();
    expect(isSignedWith(madeSecret ?? '', await nextDelivery())).toBe(true);
  });

  it('are signed with both secrets for a day when the secret is replaced', async () => {
    const { madeSecret: first } = await change();
    const second = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    expect((await change({ secret: second })).madeSecret).toBeNull();
    const during = await nextDelivery();
    expect([isSignedWith(first ?? '', during), isSignedWith(second, during)]).toEqual([true, true]);
    await dataSource.query(
      `UPDATE webhooks SET previous_secret_until = previous_secret_until - interval '24 hours'`,
    );
    const after = await nextDelivery();
    expect([isSignedWith(first ?? '', after), isSignedWith(second, after)]).toEqual([false, true]);
    const { madeSecret: third } = await change({ secret: null });
    expect(third).toMatch(/^whsec_/);
    const again = await nextDelivery();
    expect([isSignedWith(second, again), isSignedWith(third ?? '', again)]).toEqual([true, true]);
  });

  it('do not rotate when the secret that is given is the one they have', async () => {
    const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    await change({ secret });
    await change({ secret });
    expect((await nextDelivery()).headers['webhook-signature']?.toString().split(' ')).toHaveLength(1);
  });

  it('send the authorization, which is not handed to another receiver when the URL changes', async () => {
    await change({ authorization: 'Bearer mine' });
    expect((await nextDelivery()).headers.authorization).toBe('Bearer mine');
    await change({ url: `${receiver.url}/elsewhere` });
    expect((await nextDelivery()).headers.authorization).toBe('Bearer mine');
    const other = await WebhookReceiver.start();
    await change({ url: other.url });
    expect((await change({ url: receiver.url })).webhook.hasAuthorization).toBe(false);
    expect((await nextDelivery()).headers.authorization).toBeUndefined();
    await other.close();
  });

  it('have the event in the path when that is asked for', async () => {
    await change({ url: `${receiver.url}/?tenant=1`, byEvents: true });
    expect((await nextDelivery()).path).toBe('/hook/call.update?tenant=1');
  });

  it('forget URL, authorization and events when they are switched off, and stay in the list', async () => {
    await change({ authorization: 'Bearer mine', events: ['call.update'], byEvents: true });
    await change({ label: 'another' });
    const { webhook } = await change({ enabled: false });
    expect(webhook).toMatchObject({
      enabled: false,
      url: null,
      hasAuthorization: false,
      events: [],
      byEvents: true,
    });
    const all = (await process.webhooks.list(source.caller, source.name)).rows;
    expect(all.map(({ label, enabled }) => [label, enabled])).toEqual([
      ['another', true],
      ['default', false],
    ]);
    await expect(change({ url: undefined })).rejects.toThrow(
      'Invalid request body: url is required when the webhook is enabled',
    );
  });

  it('are three at most that are enabled, however many are made at once', async () => {
    const results = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((label) => change({ label })));
    const refusals = results.filter(({ status }) => status === 'rejected');
    expect(refusals).toHaveLength(2);
    expect(refusals[0]).toMatchObject({
      reason: { message: 'At most 3 webhooks can be enabled', kind: 'conflict' },
    });
    await change({ label: 'off', enabled: false });
    const [first] = (await process.webhooks.list(source.caller, source.name)).rows;
    await change({ label: first?.label ?? '', enabled: false });
    await change({ label: 'off' });
  });

  it('are found by nobody else', async () => {
    await change();
    const other = await newEventSource(dataSource, 'other');
    const ask = (caller: EventSource['caller'], name: string, label = 'default') =>
      process.webhooks.get(caller, name, label);
    await expect(ask(other.caller, source.name)).rejects.toThrow('Instance not found');
    await expect(ask(other.caller, other.name)).rejects.toThrow('Webhook not found');
    await expect(ask(source.caller, source.name, 'unknown')).rejects.toThrow('Webhook not found');
    expect(await ask(source.caller, source.name)).toMatchObject({ label: 'default' });
  });

  it('of instances that were made with one are signed from the first delivery', async () => {
    const { instances } = setUpInstances(dataSource, secrets);
    const webhook = { enabled: true, url: receiver.url, authorization: null, byEvents: false, events: [] };
    const { instance, webhookSecret } = await instances.create(
      source.caller,
      draft('made-with', { webhook }),
    );
    source = { ...source, name: 'made-with', instanceId: instance.id };
    expect(isSignedWith(webhookSecret ?? '', await nextDelivery())).toBe(true);
  });

  it('keep what waits for them and take it to their new address', async () => {
    receiver.answer = () => 500;
    await process.stop();
    process = new EventProcess(dataSource, { retrySeconds: [3600] }).start();
    await change();
    await nextDelivery();
    await until(async () => {
      const [delivery] = await process.deliveries.list(source.caller, source.name, { limit: 1 });
      return delivery?.attempts === 1 && delivery.nextAttemptAt !== null;
    }, 'the failure is stored');
    const repaired = await WebhookReceiver.start();
    await change({ url: repaired.url });
    await until(() => repaired.received.length === 1, 'it came to the new address');
    await repaired.close();
  });
});

describe('old deliveries', () => {
  it('are forgotten after a week, or a month when they are dead, and never while they are pending', async () => {
    await change();
    await nextDelivery();
    const { DeliveriesRepository } = await import('../../src/deliveries/deliveries.repository.js');
    const repository = new DeliveriesRepository(dataSource);
    const ages = { delivered: [6, 8], dead: [29, 31] } as const;
    const [{ id: webhookId } = { id: '' }] = (await process.webhooks.list(source.caller, source.name)).rows;
    await dataSource.query('DELETE FROM webhook_deliveries');
    for (const [status, days] of Object.entries(ages)) {
      for (const age of days) {
        await dataSource.query(
          `INSERT INTO webhook_deliveries (event_id, webhook_id, instance_id, lane, event, body, status, settled_at)
           VALUES (gen_random_uuid(), $1, $2, 'call:A', 'call.update', $3, $3, now() - make_interval(days => $4))`,
          [webhookId, source.instanceId, status, age],
        );
      }
    }
    const deleteOld = (limit: number) => repository.deleteOld({ delivered: 7, dead: 30 }, limit);
    // What another process is deleting is not waited for.
    await dataSource.transaction(async (other) => {
      await other.query('SELECT FROM webhook_deliveries FOR UPDATE');
      expect(await deleteOld(100)).toBe(0);
    });
    expect(await deleteOld(1)).toBe(1);
    expect(await deleteOld(100)).toBe(1);
    const left = await repository.list(source.instanceId, { limit: 10 });
    expect(left.map(({ status }) => status).sort()).toEqual(['dead', 'delivered']);
  });
});
