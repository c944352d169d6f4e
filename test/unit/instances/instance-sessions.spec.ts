import { randomBytes } from 'node:crypto';
import { SecretBox } from '../../../src/common/crypto/secret-box.js';
import { EventBus } from '../../../src/common/events/event-bus.js';
import { ConnectionSignalsListener } from '../../../src/instances/connection-signals.listener.js';
import { InstanceLeaving } from '../../../src/instances/instance-leaving.event.js';
import { InstanceSessions } from '../../../src/instances/instance-sessions.js';
import { InstanceStates } from '../../../src/instances/instance-states.js';
import type { InstanceEntity } from '../../../src/instances/instance.entity.js';
import { proxyPasswordContext } from '../../../src/instances/proxy-columns.js';
import { FakeGateway } from './support/fake-gateway.js';
import { ManualClock } from '../../support/manual-clock.js';
import { instanceRow } from './support/instance-row.js';
import { SilentLog } from '../../support/silent-log.js';
import { MemoryStatuses } from './support/memory-statuses.js';

const jid = '5511999999999@s.whatsapp.net';

function setUp(changes: Partial<InstanceEntity> = {}) {
  const row = instanceRow(changes);
  const gateway = new FakeGateway();
  const repository = new MemoryStatuses(row);
  const log = new SilentLog();
  const events = new EventBus(log);
  const states = new InstanceStates(repository, events, new ManualClock(), log);
  const secrets = new SecretBox([randomBytes(32)]);
  const sessions = new InstanceSessions(gateway, repository, states, secrets, log);
  new ConnectionSignalsListener(gateway, states, log).onModuleInit();
  return { row, gateway, repository, log, events, states, secrets, sessions };
}

const proxy = {
  proxyEnabled: true,
  proxyProtocol: 'socks5',
  proxyHost: 'proxy.example.com',
  proxyPort: 1080,
  proxyUsername: 'user',
} as const;

describe('the sessions of instances', () => {
  it('are opened with the proxy and the settings of their instance, and what is known of a restriction', async () => {
    const restriction = { until: new Date('2026-02-01T12:00:00.000Z'), contactsFrom: new Date(0) };
    const { row, gateway, secrets, sessions } = setUp({
      ...proxy,
      keepOnlineStatus: true,
      restricted: true,
      restrictedUntil: restriction.until,
      contactsSparedFrom: restriction.contactsFrom,
    });
    row.proxyPassword = secrets.sealText('secret', proxyPasswordContext(row.id));
    gateway.linked.add(row.id);
    await sessions.reopen(row);
    expect(gateway.opened).toEqual([
      {
        instanceId: row.id,
        options: {
          now: true,
          accountId: row.accountId,
          keepOnline: true,
          restriction,
          proxy: {
            protocol: 'socks5',
            host: 'proxy.example.com',
            port: 1080,
            username: 'user',
            password: 'secret',
          },
        },
      },
    ]);
  });

  it('stay closed when the password of their proxy cannot be read, and never go around the proxy', async () => {
    const { row, gateway, sessions } = setUp(proxy);
    const other = new SecretBox([randomBytes(32)]);
    row.proxyPassword = other.sealText('secret', proxyPasswordContext(row.id));
    gateway.linked.add(row.id);
    await expect(sessions.reopen(row)).rejects.toMatchObject({ code: 'proxy_password_unreadable' });
    await expect(sessions.link(row, { kind: 'qr' })).rejects.toMatchObject({
      code: 'proxy_password_unreadable',
    });
    expect(gateway.opened).toEqual([]);
  });

  it('take a phone in, from the QR code to the first login', async () => {
    const { row, gateway, states, sessions } = setUp();
    const offer = await sessions.link(row, { kind: 'qr' });
    expect(row.status).toBe('connecting');
    expect(offer).toEqual({ kind: 'qr', qr: sessions.currentQr(row.id) });
    gateway.phoneLinks(row.id, jid, 'Shop');
    await states.idle();
    expect(row).toMatchObject({ status: 'connected', numberJid: jid, profileName: 'Shop' });
    expect(() => sessions.currentQr(row.id)).toThrow(
      'There is no QR code to show: the instance is connected already',
    );
    await expect(sessions.link(row, { kind: 'qr' })).resolves.toEqual({ kind: 'connected' });
  });

  it('are not reopened without a saved session, and a linking goes on then', async () => {
    const { row, gateway, sessions } = setUp();
    await sessions.link(row, { kind: 'qr' });
    await expect(sessions.reopen(row)).rejects.toThrow('Instance has no saved session — call /connect first');
    expect(gateway.sessionState(row.id)).toBe('linking');
  });

  it('take changed options when they are open or about to be', async () => {
    const { row, gateway, sessions } = setUp();
    await sessions.refresh(row);
    expect(gateway.opened).toEqual([]);
    gateway.linked.add(row.id);
    await sessions.reopen(row);
    await sessions.refresh(Object.assign(row, { keepOnlineStatus: true }));
    expect(gateway.opened.map(({ options }) => options.keepOnline)).toEqual([false, true]);
    gateway.connects(row.id, '1@lid');
    await sessions.refresh(Object.assign(row, { keepOnlineStatus: false }));
    expect(gateway.sessions.get(row.id)).toMatchObject({
      state: 'connected',
      options: { keepOnline: false },
    });
    expect(gateway.opened).toHaveLength(2);
  });

  it('do not come out of a linking with options that have changed meanwhile', async () => {
    const { row, gateway, sessions } = setUp();
    await sessions.link(row, { kind: 'qr' });
    await sessions.refresh(row);
    expect(gateway.sessionState(row.id)).toBe('absent');
    expect(row).toMatchObject({
      status: 'disconnected',
      lastDisconnectReason: 'The configuration of the connection was changed',
    });
  });

  it('are told as logged out after a logout', async () => {
    const { row, gateway, sessions } = setUp({ status: 'connected', numberJid: jid });
    gateway.linked.add(row.id);
    await sessions.logout(row.id);
    expect(row).toMatchObject({ status: 'loggedout', numberJid: jid });
    expect(gateway.linked.has(row.id)).toBe(false);
  });

  it.each([
    ['logged out', 'The instance was logged out'],
    ['deleted', 'The instance was deleted'],
    ['closed', 'The account was disabled'],
  ])('give whoever needs them the time to finish before they are %s', async (end, reason) => {
    const { row, gateway, events, sessions } = setUp();
    gateway.linked.add(row.id);
    await sessions.reopen(row);
    const heard: unknown[] = [];
    events.on(InstanceLeaving, async (event) => {
      await Promise.resolve();
      heard.push({ ...event, session: gateway.sessionState(row.id) });
    });
    if (end === 'logged out') await sessions.logout(row.id);
    else if (end === 'deleted') await sessions.forget(row.id);
    else await sessions.close(row.id, reason);
    expect(heard).toEqual([{ instanceId: row.id, reason, session: 'connecting' }]);
    expect(gateway.sessionState(row.id)).toBe('absent');
  });

  it('do not keep an instance from being deleted', async () => {
    const { row, gateway, log, sessions } = setUp();
    gateway.unreachable = true;
    await sessions.link(row, { kind: 'qr' });
    await expect(sessions.forget(row.id)).resolves.toBeUndefined();
    expect(gateway.sessionState(row.id)).toBe('absent');
    expect(log.lines).toContainEqual(expect.objectContaining({ level: 'warn' }));
  });

  it('are restored if they are still wanted and nobody was faster', async () => {
    const { row, gateway, repository, sessions } = setUp();
    gateway.linked.add(row.id);
    await sessions.restore(row.id);
    expect(gateway.opened).toEqual([]);
    repository.toOpen.add(row.id);
    await sessions.restore(row.id);
    await sessions.restore(row.id);
    expect(gateway.opened).toHaveLength(1);
    expect(gateway.opened[0]?.options.now).toBeUndefined();
  });

  it('tell in the state of the instance why they could not be restored', async () => {
    const { row, repository, sessions } = setUp(proxy);
    row.proxyPassword = Buffer.from('garbage');
    repository.toOpen.add(row.id);
    await sessions.restore(row.id);
    expect(row.status).toBe('disconnected');
    expect(row.lastDisconnectReason).toContain('proxy password');
  });
});
