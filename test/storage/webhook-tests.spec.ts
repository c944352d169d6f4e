import type { RequestListener } from 'node:http';
import type { DataSource } from 'typeorm';
import { Webhook } from 'standardwebhooks';
import type { WebhookChange } from '../../src/webhooks/store/webhook-values.js';
import { BASE_URL } from '../support/test-ownership.js';
import { Receiver } from '../unit/webhooks/support/receiver.js';
import { EventProcess, newEventSource, type EventSource } from './events-stage.js';
import { openTestDatabase } from './instances-stage.js';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let dataSource: DataSource;
let process: EventProcess;
let source: EventSource;
let receiver: Receiver;
let answer: RequestListener;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

beforeEach(async () => {
  source = await newEventSource(dataSource);
  process = new EventProcess(dataSource, { sendTimeoutMs: 300 });
  answer = (_, response) => response.end('ok');
  receiver = await Receiver.http((request, response) => answer(request, response));
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
    secret: SECRET,
    ...more,
  });
const test = (label = 'default') => process.tests.run(source.caller, source.name, label);

describe('a test of a webhook', () => {
  it('sends one signed event now, as every other is sent, and shows the answer', async () => {
    await change({
      url: `${receiver.url}/hooks?tenant=1`,
      byEvents: true,
      events: ['call.update'],
      authorization: 'Bearer mine',
      headers: { 'X-Api-Key': 'my-own-key' },
    });
    const outcome = await test();
    expect(outcome).toEqual({
      eventId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      label: 'default',
      status: 200,
      durationMs: expect.any(Number),
      answer: 'ok',
      error: null,
    });
    expect(receiver.received).toHaveLength(1);
    const [first] = receiver.received;
    if (!first) throw new Error('nothing was received');
    const { path, headers, body } = first;
    expect(path).toMatch(/\/hooks\/webhook\.test\?tenant=1$/);
    expect(headers).toMatchObject({ authorization: 'Bearer mine', 'x-api-key': 'my-own-key' });
    expect(headers['webhook-id']).toBe(outcome.eventId);
    expect(new Webhook(SECRET).verify(body, headers as Record<string, string>)).toMatchObject({
      id: outcome.eventId,
      event: 'webhook.test',
      data: { label: 'default' },
      instanceData: { baseUrl: BASE_URL, instance: 'shop' },
    });
  });

  it('is no delivery: it is not stored, not counted and not repeated', async () => {
    await change();
    answer = (_, response) => response.writeHead(500).end('broken');
    expect(await test()).toMatchObject({ status: 500, answer: 'broken', error: 'HTTP 500' });
    process.start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(receiver.received).toHaveLength(1);
    expect(await process.deliveries.list(source.caller, source.name, { limit: 10 })).toEqual([]);
    const { counters, enabled } = await process.webhooks.get(source.caller, source.name, 'default');
    expect([counters.failedAttempts, counters.lastFailureAt, enabled]).toEqual([0, null, true]);
  });

  it('does not follow a redirect and does not disable what answers 410', async () => {
    await change();
    answer = (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    expect(await test()).toMatchObject({ status: 302, answer: '', error: 'HTTP 302' });
    answer = (_, response) => response.writeHead(410).end();
    expect(await test()).toMatchObject({ status: 410, error: 'HTTP 410' });
    expect(await test()).toMatchObject({ status: 410 });
  });

  it('says why there was no answer in the words of deliveries', async () => {
    const gone = await Receiver.http();
    const { url } = gone;
    await gone.close();
    await change({ url });
    expect(await test()).toMatchObject({ status: null, answer: null, error: 'connection_refused' });
    await change();
    answer = () => undefined;
    expect(await test()).toMatchObject({ status: null, answer: null, error: 'timeout' });
    const strict = new EventProcess(dataSource, { allowPrivate: false });
    expect(await strict.tests.run(source.caller, source.name, 'default')).toMatchObject({
      status: null,
      error: expect.stringMatching(/^target_refused: .*WEBHOOK_ALLOW_PRIVATE=true/),
    });
    await dataSource.query(`UPDATE webhooks SET secret = '\\x00' WHERE instance_id = $1`, [
      source.instanceId,
    ]);
    expect(await test()).toMatchObject({ error: 'secret_unreadable' });
  });

  it('shows none of the secrets that a receiver echoes', async () => {
    const authorization = `Basic ${Buffer.from('ana:pass-hunter2').toString('base64')}`;
    await change({
      url: `${receiver.url}/services/path-hunter2?key=query%2Dhunter2`,
      authorization,
      headers: { 'X-Api-Key': 'header "hunter2"' },
    });
    answer = ({ url, headers }, response) => {
      const { searchParams } = new URL(url ?? '', 'http://localhost');
      response.end(
        JSON.stringify({
          url,
          query: [...searchParams],
          headers,
          decoded: 'ana:pass-hunter2',
          secret: SECRET,
        }),
      );
    };
    const outcome = await test();
    expect(outcome.status).toBe(200);
    expect(outcome.answer).toContain('"x-api-key":"***"');
    expect(outcome.answer).toContain(outcome.eventId);
    expect(outcome.answer).not.toMatch(/hunter2|whsec_|v1,/);
    expect(outcome.answer).not.toContain(authorization.slice('Basic '.length));
  });

  it('shows the first 1000 characters in one line, also of what never ends or is no text', async () => {
    await change();
    answer = (_, response) => response.end(`\u0000a\r\nb\u001b[31m\u202ec${'✓'.repeat(2000)}`);
    const { answer: shown } = await test();
    expect(shown).toMatch(/^a b \[31m c✓+$/);
    expect(shown).toHaveLength(1000);
    answer = (_, response) => {
      const send = (): void => void (response.destroyed || response.write('x'.repeat(16_384), send));
      send();
    };
    expect(await test()).toMatchObject({ status: 200, answer: 'x'.repeat(1000) });
    answer = (_, response) => response.end(Buffer.from([0xff, 0xfe, 0x41]));
    expect(await test()).toMatchObject({ answer: '\ufffd\ufffdA' });
  });

  it('needs a webhook that is there and enabled', async () => {
    await expect(test()).rejects.toMatchObject({ code: 'webhook_not_found', kind: 'not_found' });
    await change({ enabled: false });
    await expect(test()).rejects.toMatchObject({
      code: 'webhook_disabled',
      kind: 'conflict',
      message: 'Webhook is not enabled',
    });
    await change();
    const other = await newEventSource(dataSource, 'other');
    await expect(process.tests.run(other.caller, source.name, 'default')).rejects.toThrow(
      'Instance not found',
    );
  });

  it('runs twice at once in an account, and takes no place of another', async () => {
    await change();
    answer = () => undefined;
    const results = await Promise.allSettled([test(), test(), test()]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: 'too_many_webhook_tests', kind: 'conflict' },
    });
    const running = [test(), test()];
    const before = source;
    source = await newEventSource(dataSource, 'another');
    await change();
    answer = (_, response) => response.end('ok');
    expect(await test()).toMatchObject({ status: 200 });
    source = before;
    await Promise.all(running);
    expect(await test()).toMatchObject({ status: 200 });
  });
});
