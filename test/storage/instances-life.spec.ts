import type { DataSource } from 'typeorm';
import { instanceUpdate } from '../../src/common/events/webhook-event.js';
import { AccountEntity } from '../../src/accounts/account.entity.js';
import type { TenantCaller } from '../../src/common/http/caller.js';
import { InstanceDeleted } from '../../src/instances/instance-deleted.event.js';
import { keepEvents, keptEvents } from './events-stage.js';
import { draft, newAccount, openTestDatabase, setUpInstances, storeCredentials } from './instances-stage.js';

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

const countRows = async (table: string, instanceId: string) => {
  const [row] = await dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM ${table} WHERE instance_id = $1`,
    [instanceId],
  );
  return row?.count;
};

describe('changing an instance', () => {
  it('changes only the settings that are given', async () => {
    const { instances, configuration } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    await instances.create(caller, draft('shop', { settings: { callRejectMessage: 'Hello' } }));
    await configuration.changeSettings(caller, 'shop', { maxConcurrentCalls: 2 });
    const after = await configuration.changeSettings(caller, 'shop', {});
    expect(after).toMatchObject({
      maxConcurrentCalls: 2,
      callRejectMessage: 'Hello',
      autoRejectCalls: false,
    });
    await expect(configuration.changeSettings(await newAccount(dataSource), 'shop', {})).rejects.toThrow(
      'Instance not found',
    );
  });

  it('moves an open session to the new proxy at once, and leaves it alone when nothing changes', async () => {
    const { instances, configuration, linking, gateway } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    const { instance } = await instances.create(caller, draft('shop'));
    gateway.linked.add(instance.id);
    await linking.reconnect(caller, 'shop');
    await configuration.replaceProxy(caller, 'shop', proxy);
    await configuration.replaceProxy(caller, 'shop', { ...proxy, password: undefined });
    await configuration.changeSettings(caller, 'shop', { minSecondsBetweenCalls: 5 });
    await configuration.changeSettings(caller, 'shop', { keepOnlineStatus: true });
    expect(gateway.opened.map(({ options }) => [options.proxy?.password, options.keepOnline])).toEqual([
      [undefined, false],
      ['secret', false],
      ['secret', true],
    ]);
  });

  it('gives a new token in place of the old one', async () => {
    const { instances, tokens } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    const { token: old } = await instances.create(caller, draft('shop'));
    const { token, instance } = await instances.rotateToken(caller, 'shop');
    expect(await tokens.resolve(old)).toBeUndefined();
    expect(await tokens.resolve(token)).toMatchObject({ instanceId: instance.id, instanceName: 'shop' });
  });
});

describe('an instance and its phone', () => {
  it('follow each other from the QR code to the logout', async () => {
    const { instances, linking, gateway, states } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    const { instance } = await instances.create(caller, draft('shop'));
    const stored = async () => {
      await states.idle();
      return (await instances.list(caller)).rows[0]?.instance;
    };
    const restriction = {
      until: new Date('2026-02-01T00:00:00.000Z'),
      contactsFrom: new Date('2026-01-31T12:00:00.000Z'),
    };
    await linking.connect(caller, 'shop', { kind: 'qr' }, new AbortController().signal);
    expect(await stored()).toMatchObject({ status: 'connecting' });
    gateway.phoneLinks(instance.id, '5511999999999:3@s.whatsapp.net', 'Sh\u0000op');
    gateway.tell(instance.id, { type: 'restricted', ...restriction });
    expect(await stored()).toMatchObject({
      status: 'connected',
      numberJid: '5511999999999@s.whatsapp.net',
      profileName: 'Shop',
      restrictedUntil: restriction.until,
    });
    expect(await instances.find(caller, 'shop')).toMatchObject({ restriction });
    gateway.tell(instance.id, { type: 'disconnected', code: 503, reason: 'away', retryAt: null });
    expect(await stored()).toMatchObject({ status: 'disconnected', lastDisconnectCode: 503 });
    await linking.logout(caller, 'shop');
    expect(await stored()).toMatchObject({ status: 'loggedout', numberJid: '5511999999999@s.whatsapp.net' });
    await expect(linking.reconnect(caller, 'shop')).rejects.toThrow('Instance has no saved session');
  });

  it('are brought back after a restart, unless logged out, never linked or disabled', async () => {
    const { instances, statuses } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    const disabled = await newAccount(dataSource);
    const create = async (owner: TenantCaller, name: string) =>
      (await instances.create(owner, draft(name))).instance.id;
    const online = await create(caller, 'online');
    const loggedOut = await create(caller, 'logged-out');
    const halfLinked = await create(caller, 'half-linked');
    const ofDisabled = await create(disabled, 'disabled');
    await create(caller, 'never-linked');
    for (const id of [online, loggedOut, ofDisabled]) await storeCredentials(dataSource, id);
    for (const id of [online, loggedOut, halfLinked, ofDisabled]) await keepEvents(dataSource, id);
    await storeCredentials(dataSource, halfLinked, false);
    await statuses.move(online, 'disconnected', 'connected', {});
    await statuses.move(loggedOut, 'disconnected', 'loggedout', {});
    await dataSource.getRepository(AccountEntity).update({ id: disabled.accountId }, { enabled: false });

    const all = [online, loggedOut, halfLinked, ofDisabled];
    const offline = await statuses.markOffline(all, instanceUpdate(new Date(), { state: 'disconnected' }));
    expect(offline).toEqual([{ id: online, accountId: caller.accountId, name: 'online' }]);
    const states = async (id: string) => (await keptEvents(dataSource, id)).map(({ state }) => state);
    expect(await states(online)).toEqual(['disconnected']);
    for (const id of [loggedOut, halfLinked, ofDisabled]) expect(await states(id)).toEqual([]);
    expect((await statuses.find(online))?.status).toBe('disconnected');
    expect((await statuses.find(loggedOut))?.status).toBe('loggedout');
    expect(await statuses.listToOpen(all)).toEqual([{ instanceId: online, accountId: caller.accountId }]);
    expect(await statuses.isToOpen(online)).toBe(true);
    expect(await statuses.isToOpen(loggedOut)).toBe(false);
  });

  it('move by compare-and-set: of many writers one wins', async () => {
    const { instances, statuses } = setUpInstances(dataSource);
    const { instance } = await instances.create(await newAccount(dataSource), draft('shop'));
    const moves = Array.from({ length: PARALLEL }, () =>
      statuses.move(instance.id, 'disconnected', 'connected', {}),
    );
    expect((await Promise.all(moves)).filter(Boolean)).toHaveLength(1);
  });
});

describe('deleting an instance', () => {
  it('unlinks the phone and takes everything with it', async () => {
    const { instances, linking, tokens, gateway, events } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource);
    const webhook = { enabled: false, url: null, authorization: null, byEvents: false, events: [] };
    const { instance, token } = await instances.create(caller, draft('shop', { webhook }));
    gateway.linked.add(instance.id);
    await storeCredentials(dataSource, instance.id);
    await dataSource.query(
      `INSERT INTO session_keys (instance_id, type, key_id, value) VALUES ($1, 'pre-key', '1', '\\x00')`,
      [instance.id],
    );
    await dataSource.query(
      `INSERT INTO calls (instance_id, number, duration, state, requested_at, hang_up_at)
       VALUES ($1, '5511999999999', 8, 'calling', now(), now())`,
      [instance.id],
    );
    await linking.reconnect(caller, 'shop');
    expect(await tokens.resolve(token)).toBeDefined();
    const published: InstanceDeleted[] = [];
    events.on(InstanceDeleted, (event) => void published.push(event));

    await instances.delete(caller, 'shop');
    expect(gateway.linked.has(instance.id)).toBe(false);
    expect(gateway.sessionState(instance.id)).toBe('absent');
    expect(await tokens.resolve(token)).toBeUndefined();
    expect(await instances.find(caller, 'shop')).toBeUndefined();
    for (const table of ['webhooks', 'access_tokens', 'session_credentials', 'session_keys', 'calls']) {
      expect(await countRows(table, instance.id)).toBe(0);
    }
    expect(published).toEqual([
      new InstanceDeleted({ id: instance.id, accountId: caller.accountId, name: 'shop' }),
    ]);
    await expect(instances.delete(caller, 'shop')).rejects.toThrow('Instance not found');
  });

  it('works although the phone cannot be unlinked, and frees the place in the quota', async () => {
    const { instances, gateway } = setUpInstances(dataSource);
    const caller = await newAccount(dataSource, 1);
    await instances.create(caller, draft('shop'));
    gateway.unreachable = true;
    await instances.delete(caller, 'shop');
    await expect(instances.create(caller, draft('next'))).resolves.toMatchObject({
      instance: { name: 'next' },
    });
  });
});
