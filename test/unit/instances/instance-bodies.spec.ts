import { NewInstanceBody } from '../../../src/instances/dto/new-instance-body.dto.js';
import { ProxyBody } from '../../../src/instances/dto/proxy-body.dto.js';
import { SettingsBody } from '../../../src/instances/dto/settings-body.dto.js';
import { readRequest } from './support/read-request.js';

const draft = (body: unknown) => readRequest('body', NewInstanceBody, body, (parsed) => parsed.toDraft());
const settings = (body: unknown) => readRequest('body', SettingsBody, body, (parsed) => parsed.toPatch());
const proxy = (body: unknown) => readRequest('body', ProxyBody, body, (parsed) => parsed.toWish());

const OWN_TOKEN = 'f3a81c5e9b7d20464e8fa1c3d5b79e02';
const EVENTS_RULE =
  'must be a list of these names: call.update, instance.state, message.exchange, message.status, group.flow, label.update; ' +
  'an empty list means all';

describe('the body of a new instance', () => {
  it('needs a name and nothing else', async () => {
    expect(await draft({ name: 'shop' })).toEqual({
      name: 'shop',
      token: undefined,
      settings: {},
      proxy: undefined,
      webhook: undefined,
      websocket: undefined,
    });
  });

  it.each([
    't'.repeat(32),
    '0123456789abcdefghijklmnopqrstuv',
    'deadbeef'.repeat(4),
    'change-me-change-me-change-me-change-me',
  ])('refuses the own token %s, which nobody drew at random', async (token) => {
    expect(await draft({ name: 'shop', token })).toBe(
      'invalid_body: Invalid request body: token must be random, not a pattern or a word: openssl rand -hex 32',
    );
    expect(await draft({ name: 'shop', token: OWN_TOKEN })).toMatchObject({ token: OWN_TOKEN });
  });

  it.each([[{}], [{ name: null }], [{ name: '' }], [{ name: '   ' }]])(
    'tells that %j has no name',
    async (body) => {
      expect(await draft(body)).toBe('instance_required: Instance name is required');
    },
  );

  it.each([
    [{ name: 5 }, 'name must be a string'],
    [{ name: 'a b' }, 'name must have 1 to 100 letters, digits, hyphens or underscores'],
    [{ name: 'a'.repeat(101) }, 'name must have 1 to 100 letters, digits, hyphens or underscores'],
    [{ name: 'ok\u0000' }, 'name must have 1 to 100 letters, digits, hyphens or underscores'],
    [{ name: 'a', token: 'short' }, 'token must have 32 to 256 printable ASCII characters without spaces'],
    [
      { name: 'a', token: ' '.repeat(40) },
      'token must have 32 to 256 printable ASCII characters without spaces',
    ],
    [{ name: 'a', keepOnlineStatus: 'true' }, 'keepOnlineStatus must be a boolean value'],
    [{ name: 'a', callRejectMessage: 'x\u0000' }, 'callRejectMessage must not have control characters'],
    [
      { name: 'a', callRejectMessage: 'x'.repeat(1001) },
      'callRejectMessage must have at most 1000 characters',
    ],
    [{ name: 'a', proxyEnabled: true }, 'proxyHost is required when the proxy is enabled'],
    [{ name: 'a', proxyEnabled: true, proxyHost: 'h' }, 'proxyPort is required when the proxy is enabled'],
    [
      { name: 'a', proxyEnabled: true, proxyHost: 'h', proxyPort: '80' },
      'proxyProtocol is required when the proxy is enabled',
    ],
    [{ name: 'a', proxyPort: '0' }, 'proxyPort must be a port from 1 to 65535'],
    [{ name: 'a', proxyProtocol: 'ftp' }, 'proxyProtocol must be one of http, https, socks5'],
    [{ name: 'a', webhookEnabled: true }, 'webhookURL is required when the webhook is enabled'],
    [
      { name: 'a', webhookEnabled: true, webhookURL: 'ftp://x' },
      'webhookURL must be a URL that starts with http:// or https://',
    ],
    [
      { name: 'a', webhookEnabled: true, webhookURL: 'https://me:secret@example.com' },
      'webhookURL must not contain credentials; use webhookAuthorization',
    ],
    [{ name: 'a', webhookURL: 'https://e.com/***' }, 'webhookURL is masked; give the whole address'],
    [{ name: 'a', webhookAuthorization: 'a\r\nb' }, 'webhookAuthorization must not have control characters'],
    [{ name: 'a', webhookEvents: 'call.update' }, `webhookEvents ${EVENTS_RULE}`],
    [{ name: 'a', webhookEvents: ['*'] }, `webhookEvents ${EVENTS_RULE}`],
    [{ name: 'a', websocketEvents: ['CALL_UPDATE'] }, `websocketEvents ${EVENTS_RULE}`],
  ])('refuses %j', async (body, detail) => {
    expect(await draft(body)).toBe(`invalid_body: Invalid request body: ${detail}`);
  });

  it('takes the inline blocks of proxy, webhook, websocket and settings', async () => {
    expect(
      await draft({
        name: 'shop',
        token: OWN_TOKEN,
        unknown: 'is dropped',
        proxyEnabled: true,
        proxyHost: 'proxy.example.com',
        proxyPort: 1080,
        proxyProtocol: 'socks5',
        proxyUsername: 'user',
        proxyPassword: 'secret',
        webhookEnabled: true,
        webhookURL: 'https://example.com/hook',
        webhookAuthorization: 'Bearer x',
        webhookByEvents: true,
        webhookEvents: ['call.update', 'call.update', 'instance.state'],
        websocketEnabled: true,
        websocketEvents: ['call.update'],
        autoRejectCalls: true,
        callRejectMessage: 'Please write.\nThank you.',
        keepOnlineStatus: true,
      }),
    ).toEqual({
      name: 'shop',
      token: OWN_TOKEN,
      settings: {
        autoRejectCalls: true,
        callRejectMessage: 'Please write.\nThank you.',
        keepOnlineStatus: true,
      },
      proxy: {
        enabled: true,
        protocol: 'socks5',
        host: 'proxy.example.com',
        port: 1080,
        username: 'user',
        password: 'secret',
      },
      webhook: {
        enabled: true,
        url: 'https://example.com/hook',
        authorization: 'Bearer x',
        byEvents: true,
        events: ['call.update', 'instance.state'],
      },
      websocket: { enabled: true, events: ['call.update'] },
    });
  });

  it('takes empty fields of forms as not given', async () => {
    const body = {
      name: 'shop',
      proxyEnabled: false,
      proxyHost: '',
      proxyPort: '',
      webhookURL: '',
      token: null,
    };
    expect(await draft(body)).toMatchObject({ token: undefined, proxy: undefined, webhook: undefined });
  });
});

describe('the body of settings', () => {
  it('changes only what it names', async () => {
    expect(await settings({ maxConcurrentCalls: 1, keepOnlineStatus: null })).toEqual({
      maxConcurrentCalls: 1,
    });
    expect(await settings({})).toEqual({});
  });

  it.each([
    [{ maxConcurrentCalls: 0 }, 'maxConcurrentCalls must be from 1 to 100'],
    [{ maxConcurrentCalls: 101 }, 'maxConcurrentCalls must be from 1 to 100'],
    [{ maxConcurrentCalls: '5' }, 'maxConcurrentCalls must be a whole number'],
    [{ maxConcurrentCalls: 1.5 }, 'maxConcurrentCalls must be a whole number'],
    [{ minSecondsBetweenCalls: -1 }, 'minSecondsBetweenCalls must be from 0 to 86400'],
    [{ minSecondsBetweenCalls: 86_401 }, 'minSecondsBetweenCalls must be from 0 to 86400'],
    [{ numberCooldownSeconds: 2_592_001 }, 'numberCooldownSeconds must be from 0 to 2592000'],
    [{ autoRejectCalls: 1 }, 'autoRejectCalls must be a boolean value'],
    [{ callRejectMessage: 5 }, 'callRejectMessage must be a string'],
    [[], 'a JSON object is expected'],
    [null, 'a JSON object is expected'],
  ])('refuses %j', async (body, detail) => {
    expect(await settings(body)).toBe(`invalid_body: Invalid request body: ${detail}`);
  });

  it.each([
    [{ maxConcurrentCalls: 100, minSecondsBetweenCalls: 86_400, numberCooldownSeconds: 2_592_000 }],
    [{ maxConcurrentCalls: 1, minSecondsBetweenCalls: 0, numberCooldownSeconds: 0 }],
  ])('takes the ends of its ranges: %j', async (body) => {
    expect(await settings(body)).toEqual(body);
  });
});

describe('the body of a proxy', () => {
  const complete = { enabled: true, host: 'proxy.example.com', port: '1080', protocol: 'socks5' };
  const wish = {
    enabled: true,
    protocol: 'socks5',
    host: 'proxy.example.com',
    port: 1080,
    username: null,
    password: undefined,
  };

  it('takes the port as text or as a number', async () => {
    expect(await proxy(complete)).toEqual(wish);
    expect(await proxy({ ...complete, port: 1080 })).toEqual(wish);
  });

  it('takes the names of instance/new, too', async () => {
    const body = {
      proxyEnabled: true,
      proxyHost: 'proxy.example.com',
      proxyPort: '1080',
      proxyProtocol: 'socks5',
    };
    expect(await proxy({ ...body, proxyUsername: 'u', proxyPassword: 'p' })).toEqual({
      ...wish,
      username: 'u',
      password: 'p',
    });
  });

  it('tells a password that is not mentioned from one that is taken away', async () => {
    expect(await proxy({ ...complete, username: 'u' })).toMatchObject({ password: undefined });
    expect(await proxy({ ...complete, username: 'u', password: null })).toMatchObject({ password: null });
    expect(await proxy({ ...complete, username: 'u', password: '' })).toMatchObject({ password: null });
  });

  it.each(['192.0.2.1', '2001:db8::1', 'proxy', 'my_proxy.internal'])('takes the host %s', async (host) => {
    expect(await proxy({ ...complete, host })).toMatchObject({ host });
  });

  it.each([
    [{}, 'enabled is required'],
    [{ enabled: 'yes' }, 'enabled must be a boolean value'],
    [{ enabled: true }, 'host is required when the proxy is enabled'],
    [{ ...complete, port: null }, 'port is required when the proxy is enabled'],
    [{ ...complete, port: '65536' }, 'port must be a port from 1 to 65535'],
    [{ ...complete, port: 0 }, 'port must be a port from 1 to 65535'],
    [{ ...complete, port: 1.5 }, 'port must be a port from 1 to 65535'],
    [{ ...complete, port: '1e3' }, 'port must be a port from 1 to 65535'],
    [{ ...complete, protocol: 'SOCKS5' }, 'protocol must be one of http, https, socks5'],
    [{ ...complete, host: 'http://h' }, 'host must be a host name or an IP address, without scheme and port'],
    [{ ...complete, host: 'h:80' }, 'host must be a host name or an IP address, without scheme and port'],
    [
      { ...complete, host: '192.0.2.999' },
      'host must be a host name or an IP address, without scheme and port',
    ],
    [
      { ...complete, host: 'fe80::1%eth0' },
      'host must be a host name or an IP address, without scheme and port',
    ],
    [{ ...complete, host: 'u@h' }, 'host must be a host name or an IP address, without scheme and port'],
    [{ ...complete, password: 'p' }, 'username is required with a password'],
  ])('refuses %j', async (body, detail) => {
    expect(await proxy(body)).toBe(`invalid_body: Invalid request body: ${detail}`);
  });

  it('turns a proxy off without naming it', async () => {
    expect(await proxy({ enabled: false })).toMatchObject({
      enabled: false,
      host: null,
      port: null,
      protocol: null,
    });
  });
});
