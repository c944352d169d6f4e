import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { EventBus } from '../../src/common/events/event-bus.js';
import { parseAppConfig } from '../../src/config/app-config.js';
import { EventSockets } from '../../src/live/event-sockets.js';
import { WebSocketSettingsRepository } from '../../src/live/websocket-settings.repository.js';
import { WebSocketSettingsService } from '../../src/live/websocket-settings.service.js';
import { WebSocketNotConfigured } from '../../src/live/websocket.errors.js';
import { InstanceNotFound } from '../../src/instances/instances.errors.js';
import { SilentLog } from '../support/silent-log.js';
import { draft, newAccount, openTestDatabase, setUpInstances } from './instances-stage.js';

describe('the WebSocket settings of an instance', () => {
  let dataSource: DataSource;
  let repository: WebSocketSettingsRepository;
  let instances: ReturnType<typeof setUpInstances>['instances'];
  let settings: WebSocketSettingsService;

  beforeAll(async () => {
    dataSource = await openTestDatabase();
    repository = new WebSocketSettingsRepository(dataSource);
    ({ instances } = setUpInstances(dataSource));
    settings = new WebSocketSettingsService(
      instances,
      repository,
      new EventSockets(new EventBus(new SilentLog()), parseAppConfig({})),
    );
  });
  afterAll(() => dataSource.destroy());

  it('are absent until they are configured, with the instance or later', async () => {
    const caller = await newAccount(dataSource);
    await instances.create(caller, draft('later'));
    const websocket = { enabled: true, events: ['call.update'] };
    await instances.create(caller, draft('at-once', { websocket }));
    await expect(settings.read(caller, 'later')).rejects.toThrow(WebSocketNotConfigured);
    expect(await settings.read(caller, 'at-once')).toEqual(websocket);
    await settings.configure(caller, 'later', { enabled: false });
    expect(await settings.read(caller, 'later')).toEqual({ enabled: false, events: [] });
  });

  it('keep the list of events that a change leaves out', async () => {
    const caller = await newAccount(dataSource);
    await instances.create(caller, draft('shop'));
    await settings.configure(caller, 'shop', { enabled: true, events: ['call.update'] });
    expect(await settings.configure(caller, 'shop', { enabled: false })).toEqual({
      enabled: false,
      events: ['call.update'],
    });
    expect(await settings.configure(caller, 'shop', { enabled: true, events: [] })).toEqual({
      enabled: true,
      events: [],
    });
  });

  it('are out of reach for other accounts', async () => {
    const [owner, stranger] = [await newAccount(dataSource), await newAccount(dataSource)];
    const { instance } = await instances.create(owner, draft('shop'));
    await settings.configure(owner, 'shop', { enabled: true });
    await expect(settings.read(stranger, 'shop')).rejects.toThrow(InstanceNotFound);
    await expect(settings.configure(stranger, 'shop', { enabled: false })).rejects.toThrow(InstanceNotFound);
    await repository.change(stranger.accountId, instance.id, { enabled: false });
    expect(await repository.find(stranger.accountId, instance.id)).toBeUndefined();
    expect(await settings.read(owner, 'shop')).toEqual({ enabled: true, events: [] });
  });

  it('are found for many instances at once, without those that are gone or have none', async () => {
    const caller = await newAccount(dataSource);
    const [first, second, third] = await Promise.all(
      ['first', 'second', 'third'].map((name) => instances.create(caller, draft(name))),
    );
    const ids = [first, second, third].map((made) => made?.instance.id ?? '');
    await settings.configure(caller, 'first', { enabled: true, events: ['instance.state'] });
    await settings.configure(caller, 'second', { enabled: false });
    expect(await repository.findMany([...ids, randomUUID()])).toEqual(
      new Map([
        [ids[0], { enabled: true, events: ['instance.state'] }],
        [ids[1], { enabled: false, events: [] }],
      ]),
    );
  });
});
