import type { DataSource } from 'typeorm';
import { AccessTokens } from '../../src/accounts/access-tokens.js';
import { AccessTokensRepository } from '../../src/accounts/access-tokens.repository.js';
import { AccountsRepository } from '../../src/accounts/accounts.repository.js';
import { AccountsService } from '../../src/accounts/accounts.service.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import type { TenantCaller } from '../../src/common/http/caller.js';
import type { Page, PageWish } from '../../src/common/http/page-query.js';
import { toInstancesFound } from '../../src/instances/instance.views.js';
import { ManualClock } from '../support/manual-clock.js';
import { SilentLog } from '../support/silent-log.js';
import { EventProcess, newEventSource, type EventSource } from './events-stage.js';
import { draft, newAccount, openTestDatabase, setUpInstances } from './instances-stage.js';

let dataSource: DataSource;
let source: EventSource;
let process: EventProcess;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

beforeEach(async () => {
  source = await newEventSource(dataSource);
  process = new EventProcess(dataSource);
});

afterAll(() => dataSource.destroy());

/** Webhooks as an earlier release let an instance have them. */
const fill = (instanceId: string, count: number) =>
  dataSource.query(
    `INSERT INTO webhooks (instance_id, label, enabled, url, events)
     SELECT $1, 'hook-' || lpad(n::text, 6, '0'), false, 'https://example.com/hook', '{old.name}'
     FROM generate_series(1, $2::integer) n`,
    [instanceId, count],
  );

const change = (label: string, enabled = false) =>
  process.webhooks.change(source.caller, source.name, {
    label,
    enabled,
    ...(enabled && { url: 'https://example.com/' }),
  });

/** Reads a list to its end. */
async function allPages<T>(read: (wish: PageWish) => Promise<Page<T>>, limit: number): Promise<T[][]> {
  const pages: T[][] = [];
  for (let after: string | undefined; ;) {
    const { rows, nextCursor } = await read({ limit, after });
    pages.push([...rows]);
    if (nextCursor === null) return pages;
    after = Buffer.from(nextCursor, 'base64url').toString();
  }
}

describe('the webhooks of an instance', () => {
  it('are 20 at most, however many are made at once; those that exist can still be changed', async () => {
    const labels = Array.from({ length: 25 }, (_, index) => `label-${index}`);
    const results = await Promise.allSettled(labels.map((label) => change(label)));
    const refused = results.filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(5);
    expect(refused[0]).toMatchObject({
      reason: {
        code: 'too_many_labels',
        kind: 'conflict',
        message: 'An instance can have at most 20 webhooks: use the label of one that exists',
      },
    });
    const { rows } = await process.webhooks.list(source.caller, source.name);
    expect(rows).toHaveLength(20);
    const made = rows[0]?.label ?? '';
    expect((await change(made, true)).webhook).toMatchObject({ label: made, enabled: true });
  });

  it('beyond 20, from an earlier release, stay readable page by page and can be changed', async () => {
    await fill(source.instanceId, 450);
    const pages = await allPages((wish) => process.webhooks.list(source.caller, source.name, wish), 200);
    expect(pages.map(({ length }) => length)).toEqual([200, 200, 50]);
    const labels = pages.flat().map(({ label }) => label);
    expect(labels).toEqual([...labels].sort());
    expect(new Set(labels).size).toBe(450);
    expect(pages[0]?.[0]?.events).toEqual(['old.name']);
    expect((await change('hook-000450', true)).webhook.enabled).toBe(true);
    await expect(change('another')).rejects.toMatchObject({ code: 'too_many_labels' });
    expect(await process.webhooks.get(source.caller, source.name, 'hook-000300')).toMatchObject({
      label: 'hook-000300',
    });
  });
});

describe('the list of instances', () => {
  const names = Array.from({ length: 7 }, (_, index) => `n${index}`);
  let caller: TenantCaller;
  let instances: ReturnType<typeof setUpInstances>['instances'];

  beforeEach(async () => {
    ({ instances } = setUpInstances(dataSource));
    caller = await newAccount(dataSource);
    for (const name of names) await instances.create(caller, draft(name));
  });

  it('is read page by page, each instance once, and counts all of them on each page', async () => {
    const totals: number[] = [];
    const pages = await allPages(async (wish) => {
      const page = await instances.list(caller, undefined, wish);
      totals.push(page.total);
      return page;
    }, 3);
    expect(pages.map((rows) => rows.map(({ instance }) => instance.name))).toEqual([
      ['n0', 'n1', 'n2'],
      ['n3', 'n4', 'n5'],
      ['n6'],
    ]);
    expect(totals).toEqual([7, 7, 7]);
  });

  it('of some names has pages, too, and knows on each that a name alone exists', async () => {
    const wanted = ['n6', 'unknown', 'n1', 'n4'];
    const pages = await allPages((wish) => instances.list(caller, wanted, wish), 2);
    expect(pages.map((rows) => rows.map(({ instance }) => instance.name))).toEqual([['n1', 'n4'], ['n6']]);
    const behind = await instances.list(caller, ['n1'], { limit: 5, after: 'n1' });
    expect(behind).toEqual({ rows: [], nextCursor: null, total: 1 });
    await expect(instances.list(caller, ['unknown'], { limit: 5, after: 'n1' })).rejects.toThrow(
      'Instance not found',
    );
  });

  it('is all on one page for an account with up to 200 instances', async () => {
    const page = await instances.list(caller);
    expect(page.rows).toHaveLength(7);
    expect(toInstancesFound(page)).toMatchObject({
      message: '7 Instances found',
      meta: { total: 7, nextCursor: null },
    });
  });

  it('shows the first 20 webhooks of an instance that has thousands, so that the answer stays small', async () => {
    const { rows } = await instances.list(caller);
    for (const { instance } of rows) await fill(instance.id, 3000);
    const page = await instances.list(caller);
    for (const { webhooks } of page.rows) {
      expect(webhooks).toHaveLength(20);
      expect(webhooks[0]?.label).toBe('hook-000001');
      expect(webhooks[19]?.label).toBe('hook-000020');
    }
    expect(JSON.stringify(toInstancesFound(page)).length).toBeLessThan(7 * 5000);
  });

  it('and the list of webhooks find their pages by an index', async () => {
    await dataSource.query(
      `INSERT INTO instances (account_id, name) SELECT $1, 'filler-' || n FROM generate_series(1, 5000) n`,
      [caller.accountId],
    );
    await fill(source.instanceId, 5000);
    await dataSource.query('ANALYZE instances, webhooks');
    const planOf = async (sql: string, values: unknown[]) =>
      JSON.stringify(await dataSource.query(`EXPLAIN ${sql}`, values));
    const instancesPlan = await planOf(
      `SELECT * FROM instances WHERE account_id = $1 AND name > $2 ORDER BY name LIMIT 201`,
      [caller.accountId, 'filler-4'],
    );
    const webhooksPlan = await planOf(
      `SELECT * FROM webhooks WHERE instance_id = $1 AND label > $2 ORDER BY label LIMIT 201`,
      [source.instanceId, 'hook-002000'],
    );
    for (const plan of [instancesPlan, webhooksPlan]) {
      expect(plan).toContain('Index Scan');
      expect(plan).not.toMatch(/Sort|Seq Scan/);
    }
  });
});

describe('the list of accounts', () => {
  it('is read page by page, each account once, and counts all of them on each page', async () => {
    const clock = new ManualClock();
    const log = new SilentLog();
    const accounts = new AccountsService(
      new AccountsRepository(dataSource),
      new AccessTokens(new AccessTokensRepository(dataSource), clock),
      new EventBus(log),
      log,
    );
    for (let made = 0; made < 5; made += 1) await newAccount(dataSource);
    const all = await accounts.list({ limit: 200, after: undefined });
    expect(all.nextCursor).toBeNull();
    const totals = new Set<number>();
    const pages = await allPages(async (wish) => {
      const page = await accounts.list(wish);
      totals.add(page.total);
      return page;
    }, 2);
    expect(pages.flat().map(({ name }) => name)).toEqual(all.rows.map(({ name }) => name));
    expect(pages.length).toBe(Math.ceil(all.rows.length / 2));
    expect([...totals]).toEqual([all.total]);
  });
});
