import { randomBytes } from 'node:crypto';
import { SecretBox } from '../../../src/common/crypto/secret-box.js';
import type { InstanceDraft, ProxyWish } from '../../../src/instances/instance-values.js';
import { newInstanceRows } from '../../../src/instances/new-instance-rows.js';
import { proxyColumns } from '../../../src/instances/proxy-columns.js';
import {
  webhookAuthorizationContext,
  webhookSecretContext,
} from '../../../src/webhooks/store/sealed-places.js';
import { opensAlike, toSessionOptions } from '../../../src/instances/session-options.js';
import { openUrl } from '../../../src/webhooks/store/webhook-url.js';
import { instanceRow } from './support/instance-row.js';

const secrets = new SecretBox([randomBytes(32)]);
const wish: ProxyWish = {
  enabled: true,
  protocol: 'http',
  host: 'proxy.example.com',
  port: 8080,
  username: 'user',
  password: 'secret',
};
const row = instanceRow();
const stored = instanceRow(proxyColumns(row.id, wish, secrets));
const passwordAfter = (change: Partial<ProxyWish>) => {
  const columns = proxyColumns(row.id, { ...wish, password: undefined, ...change }, secrets, stored);
  return toSessionOptions(instanceRow({ ...columns, proxyEnabled: true }), secrets).proxy?.password;
};

describe('the password of a proxy', () => {
  it('is sealed at rest, for its own instance only', () => {
    expect(stored.proxyPassword?.includes('secret')).toBe(false);
    expect(toSessionOptions(stored, secrets).proxy?.password).toBe('secret');
    expect(() => toSessionOptions({ ...stored, id: 'another' }, secrets)).toThrow('cannot be read');
  });

  it('is kept when it is not mentioned and nothing else changes', () => {
    expect(passwordAfter({})).toBe('secret');
  });

  it.each<[string, Partial<ProxyWish>]>([
    ['host', { host: 'other.example.com' }],
    ['port', { port: 3128 }],
    ['protocol', { protocol: 'https' }],
    ['user', { username: 'somebody' }],
    ['user', { username: null }],
  ])('does not survive a change of the %s to %j', (_, change) => {
    expect(passwordAfter(change)).toBeNull();
  });

  it('goes when it is taken away', () => {
    expect(passwordAfter({ password: null })).toBeNull();
  });

  it('survives turning the proxy off and on', () => {
    const off = proxyColumns(row.id, { ...wish, enabled: false, password: undefined }, secrets, stored);
    expect(toSessionOptions(instanceRow(off), secrets).proxy).toBeNull();
    const on = proxyColumns(row.id, { ...wish, password: undefined }, secrets, instanceRow(off));
    expect(toSessionOptions(instanceRow(on), secrets).proxy?.password).toBe('secret');
  });
});

describe('a session', () => {
  it('need not be reopened for the same proxy, sealed anew', () => {
    const again = instanceRow(proxyColumns(row.id, wish, secrets));
    expect(again.proxyPassword).not.toEqual(stored.proxyPassword);
    expect(opensAlike(stored, again, secrets)).toBe(true);
  });

  it.each<[string, Partial<ProxyWish>]>([
    ['port', { port: 1 }],
    ['password', { password: 'other' }],
    ['use', { enabled: false }],
  ])('must be reopened for another %s of the proxy', (_, change) => {
    const changed = instanceRow(proxyColumns(row.id, { ...wish, ...change }, secrets));
    expect(opensAlike(stored, changed, secrets)).toBe(false);
  });

  it('must be reopened when the password before cannot be read', () => {
    expect(opensAlike(instanceRow({ ...stored, proxyPassword: Buffer.from('x') }), stored, secrets)).toBe(
      false,
    );
  });
});

describe('the rows of a new instance', () => {
  const draft: InstanceDraft = {
    name: 'shop',
    token: undefined,
    settings: { keepOnlineStatus: true },
    proxy: wish,
    webhook: {
      enabled: true,
      url: 'https://example.com/hook',
      authorization: 'Bearer x',
      byEvents: true,
      events: ['call.update'],
    },
    websocket: { enabled: false, events: ['call.update'] },
  };

  it('hold the whole draft, with its secrets sealed', () => {
    const { instance, webhook } = newInstanceRows('id', 'account', draft, secrets);
    expect(instance).toMatchObject({
      id: 'id',
      accountId: 'account',
      name: 'shop',
      keepOnlineStatus: true,
      proxyHost: 'proxy.example.com',
      websocketEnabled: false,
      websocketEvents: ['call.update'],
    });
    expect(webhook).toMatchObject({
      instanceId: 'id',
      label: 'default',
      url: '',
      shownUrl: 'https://example.com/***',
      byEvents: true,
    });
    expect(webhook?.sealedUrl?.includes('hook')).toBe(false);
    expect(webhook && openUrl(webhook, secrets)).toBe('https://example.com/hook');
    const sealed = webhook?.authorizationValue ?? Buffer.alloc(0);
    expect(sealed.includes('Bearer')).toBe(false);
    expect(secrets.openText(sealed, webhookAuthorizationContext('id', 'default'))).toBe('Bearer x');
  });

  it('give an enabled webhook a signing secret, which is stored sealed', () => {
    const { webhook, madeSecret } = newInstanceRows('id', 'account', draft, secrets);
    const sealed = webhook?.secret ?? Buffer.alloc(0);
    expect(madeSecret).toMatch(/^whsec_/);
    expect(sealed.includes('whsec_')).toBe(false);
    expect(secrets.openText(sealed, webhookSecretContext('id', 'default'))).toBe(madeSecret);
  });

  it('leave the secret of a webhook that is off to the request that enables it', () => {
    const { webhook: wish } = draft;
    const off = { ...draft, webhook: wish && { ...wish, enabled: false } };
    const { webhook, madeSecret } = newInstanceRows('id', 'account', off, secrets);
    expect([webhook?.secret, madeSecret]).toEqual([null, null]);
  });
});
