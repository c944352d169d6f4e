import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { draft, newAccount, openTestDatabase, setUpInstances } from './instances-stage.js';

let dataSource: DataSource;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

afterAll(() => dataSource.destroy());

const proxy = {
  enabled: true,
  protocol: 'socks5',
  host: 'proxy.example.com',
  port: 1080,
  username: 'user',
  password: 'secret',
} as const;

const PARALLEL = 20;

async function countSettled(work: readonly Promise<unknown>[]) {
  const results = await Promise.allSettled(work);
  const codes = results.map((result) =>
    result.status === 'fulfilled'
      ? 'done'
      : ((result.reason as { code?: string }).code ?? String(result.reason)),
  );
  return Object.fromEntries(
    [...new Set(codes)].map((code) => [code, codes.filter((one) => one === code).length]),
  );
}

describe('creating an instance', () => {
  it('writes the whole instance and a token that opens it', async () => {
    const { instances, tokens } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    const webhook = {
      enabled: true,
      url: 'https://example.com/hook',
      authorization: 'Bearer secret',
      byEvents: true,
      events: ['call.update', 'instance.state'],
    };
    const { instance, token } = await instances.create(
      caller,
      draft('shop', {
        proxy,
        webhook,
        websocket: { enabled: true, events: ['call.update'] },
        settings: { keepOnlineStatus: true, callRejectMessage: 'Please write' },
      }),
    );
    expect(await tokens.resolve(token)).toEqual({
      kind: 'instance',
      accountId: caller.accountId,
      instanceId: instance.id,
      instanceName: 'shop',
    });
    const [listing, ...others] = (await instances.list(caller)).rows;
    expect(others).toEqual([]);
    expect(listing).toMatchObject({
      instance: {
        id: instance.id,
        name: 'shop',
        status: 'disconnected',
        keepOnlineStatus: true,
        callRejectMessage: 'Please write',
        maxConcurrentCalls: 100,
        proxyHost: 'proxy.example.com',
        proxyPort: 1080,
        websocketEnabled: true,
        websocketEvents: ['call.update'],
      },
      webhooks: [
        { label: 'default', shownUrl: 'https://example.com/***', byEvents: true, events: webhook.events },
      ],
    });
  });

  it('keeps no secret readable in the database', async () => {
    const { instances } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    const webhook = {
      enabled: true,
      url: 'https://example.com/top-secret-4',
      authorization: 'top-secret-1',
      byEvents: false,
      events: [],
    };
    const own = 'top-secret-2-'.padEnd(40, 'x');
    await instances.create(
      caller,
      draft('shop', { token: own, webhook, proxy: { ...proxy, password: 'top-secret-3' } }),
    );
    const dump: unknown = await dataSource.query(
      `SELECT encode(authorization_value, 'escape') AS a, encode(proxy_password, 'escape') AS b,
              encode(token_hash, 'escape') AS c, webhooks::text, encode(sealed_url, 'escape') AS d, instances.name
       FROM instances JOIN webhooks ON webhooks.instance_id = instances.id
       JOIN access_tokens ON access_tokens.instance_id = instances.id WHERE instances.account_id = $1`,
      [caller.accountId],
    );
    expect(JSON.stringify(dump)).toContain('shop');
    expect(JSON.stringify(dump)).not.toContain('top-secret');
  });

  it('lets one of many that ask for the same name at once have it', async () => {
    const { instances } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    const all = Array.from({ length: PARALLEL }, () => instances.create(caller, draft('shop')));
    expect(await countSettled(all)).toEqual({ done: 1, instance_exists: PARALLEL - 1 });
    expect((await instances.list(caller)).rows).toHaveLength(1);
  });

  it('distinguishes names by case, and takes a name that another account has', async () => {
    const { instances } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    await instances.create(caller, draft('shop'));
    await instances.create(caller, draft('Shop'));
    await instances.create(await newAccount(dataSource), draft('shop'));
    expect((await instances.list(caller)).rows.map(({ instance }) => instance.name).sort()).toEqual([
      'Shop',
      'shop',
    ]);
  });

  it('never goes beyond the quota of the account, however many ask at once', async () => {
    const { instances } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource, 3);
    const all = Array.from({ length: PARALLEL }, (_, index) =>
      instances.create(caller, draft(`shop-${index}`)),
    );
    expect(await countSettled(all)).toEqual({ done: 3, instance_quota_exceeded: PARALLEL - 3 });
    expect((await instances.list(caller)).rows).toHaveLength(3);
  });

  it('reports a name that exists before a quota that is used up', async () => {
    const { instances } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource, 1);
    await instances.create(caller, draft('shop'));
    await expect(instances.create(caller, draft('shop'))).rejects.toThrow('Instance name already exists');
    await expect(instances.create(caller, draft('other'))).rejects.toThrow('Account instance quota exceeded');
  });

  it('leaves nothing behind when its own token is in use already', async () => {
    const { instances, tokens } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    const token = randomBytes(32).toString('base64url');
    await instances.create(caller, draft('first', { token }));
    const webhook = { enabled: false, url: null, authorization: null, byEvents: false, events: [] };
    await expect(
      instances.create(await newAccount(dataSource), draft('second', { token, webhook })),
    ).rejects.toMatchObject({
      code: 'token_in_use',
    });
    await expect(instances.create(caller, draft('second', { token, webhook }))).rejects.toMatchObject({
      code: 'token_in_use',
    });
    expect((await instances.list(caller)).rows.map(({ instance }) => instance.name)).toEqual(['first']);
    expect(await tokens.resolve(token)).toMatchObject({ instanceName: 'first' });
  });
});

describe('finding instances', () => {
  it('never shows those of another account, and no name breaks it', async () => {
    const { instances } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    const stranger = await newAccount(dataSource);
    await instances.create(caller, draft('shop'));
    expect(await instances.find(caller, 'shop')).toMatchObject({
      name: 'shop',
      maxConcurrentCalls: 100,
      restriction: null,
    });
    expect(await instances.find(stranger, 'shop')).toBeUndefined();
    for (const name of ['\u0000', '%', "'", ' shop', 'a'.repeat(5000), 'Shop']) {
      expect(await instances.find(caller, name)).toBeUndefined();
      await expect(instances.require(caller, name)).rejects.toThrow('Instance not found');
    }
  });

  it('lists by name, drops unknown names among several, and reports a single unknown one', async () => {
    const { instances } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    for (const name of ['c', 'a', 'b']) await instances.create(caller, draft(name));
    const listed = async (names?: string[]) =>
      (await instances.list(caller, names)).rows.map(({ instance }) => instance.name);
    expect(await listed()).toEqual(['a', 'b', 'c']);
    expect(await listed(['c', 'x', 'a', '\u0000'])).toEqual(['a', 'c']);
    expect(await listed(['x', 'y'])).toEqual([]);
    await expect(listed(['x'])).rejects.toThrow('Instance not found');
    await expect(listed(['\u0000'])).rejects.toThrow('Instance not found');
    expect(await instances.list(await newAccount(dataSource))).toEqual({
      rows: [],
      nextCursor: null,
      total: 0,
    });
  });

  it('shows the token of an instance just its own, whatever it asks for', async () => {
    const { instances, tokens } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    const { token } = await instances.create(caller, draft('mine'));
    await instances.create(caller, draft('other'));
    const own = await tokens.resolve(token);
    if (!own) throw new TypeError('The token opens nothing');
    for (const names of [undefined, ['other'], ['other', 'mine']]) {
      expect((await instances.list(own, names)).rows.map(({ instance }) => instance.name)).toEqual(['mine']);
    }
  });
});
