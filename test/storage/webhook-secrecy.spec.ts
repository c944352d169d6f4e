import type { DataSource } from 'typeorm';
import { SystemClock } from '../../src/common/time/system-clock.js';
import { WebhookUrlSealing } from '../../src/webhooks/store/webhook-url-sealing.js';
import type { WebhookChange } from '../../src/webhooks/store/webhook-values.js';
import { WebhooksRepository } from '../../src/webhooks/store/webhooks.repository.js';
import { SilentLog } from '../support/silent-log.js';
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

const PATH = '/services/T0/path-hunter2?key=query-hunter2';

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

const origin = () => new URL(receiver.url).origin;
const masked = () => `${origin()}/***`;

const change = (more: Partial<WebhookChange> = {}) =>
  process.webhooks.change(source.caller, source.name, { label: 'default', enabled: true, ...more });

const nextDelivery = (): Promise<ReceivedWebhook> => emitAndReceive(process, source, receiver);

async function dump(): Promise<string> {
  const rows = await dataSource.query<{ text: string }[]>(
    `SELECT webhooks::text || encode(coalesce(sealed_url, ''), 'escape') || encode(coalesce(headers, ''), 'escape') AS text
     FROM webhooks WHERE instance_id = $1`,
    [source.instanceId],
  );
  return rows.map(({ text }) => text).join();
}

describe('the address of a webhook', () => {
  it('is used whole, stored sealed and shown without path and query', async () => {
    const { webhook } = await change({ url: `${origin()}${PATH}` });
    expect(webhook.url).toBe(masked());
    expect((await nextDelivery()).path).toBe(PATH);
    const [listed] = (await process.webhooks.list(source.caller, source.name)).rows;
    expect(listed?.url).toBe(masked());
    expect(await dump()).not.toContain('hunter2');
  });

  it('is shown whole when there is neither path nor query', async () => {
    expect((await change({ url: 'https://hooks.example.com/' })).webhook.url).toBe(
      'https://hooks.example.com/',
    );
  });

  it('is kept when what a list showed of it is sent back', async () => {
    await change({ url: `${origin()}${PATH}`, authorization: 'Bearer mine' });
    const { webhook } = await change({ url: masked(), events: ['call.update'] });
    expect(webhook).toMatchObject({ url: masked(), hasAuthorization: true, events: ['call.update'] });
    expect((await nextDelivery()).path).toBe(PATH);
    await change({});
    expect((await nextDelivery()).path).toBe(PATH);
  });

  it('is not replaced by a mask, neither of another address nor of none', async () => {
    const refusal = 'Invalid request body: url is masked; give the whole address';
    await expect(change({ url: masked() })).rejects.toThrow(refusal);
    await change({ url: `${origin()}${PATH}` });
    await expect(change({ url: 'https://other.example.com/***' })).rejects.toThrow(refusal);
    await change({ enabled: false });
    await expect(change({ url: masked() })).rejects.toThrow(refusal);
  });

  it('of an instance that is made with one is sealed too', async () => {
    const { instances } = setUpInstances(dataSource, secrets);
    const webhook = {
      enabled: true,
      url: `${origin()}${PATH}`,
      authorization: null,
      byEvents: false,
      events: [],
    };
    const { instance } = await instances.create(source.caller, draft('made-with', { webhook }));
    source = { ...source, name: 'made-with', instanceId: instance.id };
    expect(await dump()).not.toContain('hunter2');
    expect((await nextDelivery()).path).toBe(PATH);
  });

  it('that an earlier release stored in clear works, is shown masked, and is sealed by the running product', async () => {
    await change({ url: receiver.url });
    const clear = `${origin()}${PATH}`;
    const writeInClear = () =>
      dataSource.query('UPDATE webhooks SET url = $2 WHERE instance_id = $1', [source.instanceId, clear]);
    await writeInClear();
    expect((await process.webhooks.list(source.caller, source.name)).rows[0]?.url).toBe(masked());
    expect((await nextDelivery()).path).toBe(PATH);
    expect(await dump()).toContain('hunter2');

    // A row whose delivery is being settled is left to a later round.
    await process.stop();
    const repository = new WebhooksRepository(dataSource, process.writer);
    const sealing = new WebhookUrlSealing(repository, secrets, new SystemClock(), new SilentLog());
    await sealing.onApplicationBootstrap();
    await until(async () => !(await dump()).includes('hunter2'), 'it is sealed');
    await sealing.beforeApplicationShutdown();

    process = new EventProcess(dataSource).start();
    expect((await process.webhooks.list(source.caller, source.name)).rows[0]?.url).toBe(masked());
    expect((await nextDelivery()).path).toBe(PATH);
    expect(await repository.findInClear(1)).toEqual([]);
  });

  it('that is changed while it is being sealed stays changed', async () => {
    const repository = new WebhooksRepository(dataSource, process.writer);
    const { webhook } = await change({ url: receiver.url });
    const [id, instanceId, label] = [webhook.id, source.instanceId, 'default'];
    const sealed = { url: '', sealedUrl: Buffer.from('x'), shownUrl: 'https://before.example.com/***' };
    const clear = { id, instanceId, label, url: 'https://before.example.com/hook' };
    expect(await repository.replaceUrls([{ clear, sealed }])).toBe(0);
    expect((await nextDelivery()).path).toBe(new URL(receiver.url).pathname);
  });
});

describe('the headers of a webhook', () => {
  const url = () => receiver.url;

  it('are sent with each delivery, stored sealed and shown by their names', async () => {
    const headers = { 'X-Api-Key': 'key-hunter2', 'x-tenant': 'ten' };
    const { webhook } = await change({ url: url(), headers, authorization: 'Bearer mine' });
    expect(webhook.headerNames).toEqual(['X-Api-Key', 'x-tenant']);
    expect((await nextDelivery()).headers).toMatchObject({
      'x-api-key': 'key-hunter2',
      'x-tenant': 'ten',
      authorization: 'Bearer mine',
      'content-type': 'application/json',
    });
    expect(await dump()).not.toContain('hunter2');
  });

  it('stay when they are left out, are replaced as a whole, and go with null, an empty object or switching off', async () => {
    await change({ url: url(), headers: { 'X-One': '1', 'X-Two': '2' } });
    expect((await change({ events: [] })).webhook.headerNames).toEqual(['X-One', 'X-Two']);
    await change({ headers: { 'x-two': '***', 'X-Three': '3' } });
    const { headers } = await nextDelivery();
    expect([headers['x-one'], headers['x-two'], headers['x-three']]).toEqual([undefined, '2', '3']);
    for (const nothing of [{ headers: null }, { headers: {} }, { enabled: false }]) {
      await change({ url: url(), headers: { 'X-One': '1' } });
      expect((await change(nothing)).webhook.headerNames).toEqual([]);
    }
  });

  it('are not handed to another receiver when the URL changes', async () => {
    await change({ url: url(), headers: { 'X-One': '1' } });
    expect((await change({ url: `${origin()}/elsewhere` })).webhook.headerNames).toEqual(['X-One']);
    await expect(change({ url: 'https://other.example.com/x', headers: { 'X-One': '***' } })).rejects.toThrow(
      'headers has a masked value where none is stored',
    );
    expect((await change({ url: 'https://other.example.com/x' })).webhook.headerNames).toEqual([]);
  });
});
