import { randomBytes } from 'node:crypto';
import { ConfigurationError, parseAppConfig } from '../../../src/config/app-config.js';

const KEY = '9f1c0e7ab35d26481ff0c3d2e4a5968770b1823c4d5e6f9081a2b3c4d5e6f701';

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    parseAppConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

describe('configuration', () => {
  it('has sensible values when nothing is set', () => {
    expect(parseAppConfig({})).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      databaseUrl: undefined,
      adminToken: undefined,
      rateLimitPerToken: 100,
      rateLimitPerAccount: 5000,
      rateLimitInstanceNew: 20,
      rateLimitPerAddress: 60,
      linkingSessionsPerAccount: 20,
      proxyAllowPrivate: false,
      callRetentionDays: 365,
      webhookDisableAfterDays: 5,
      logLevel: 'info',
    });
  });

  it('gives one address a quarter of the connections, and all of them where proxies hold them', () => {
    expect(parseAppConfig({})).toMatchObject({
      maxConnections: 10_000,
      maxConnectionsPerAddress: 2500,
      maxWebSocketsPerAccount: 1000,
      probePort: undefined,
    });
    expect(parseAppConfig({ MAX_CONNECTIONS: '100', TRUSTED_PROXIES: '1' })).toMatchObject({
      maxConnectionsPerAddress: 100,
      maxWebSocketsPerAccount: 10,
    });
    expect(parseAppConfig({ MAX_CONNECTIONS_PER_ADDRESS: '7', TRUSTED_PROXIES: '1' })).toMatchObject({
      maxConnectionsPerAddress: 7,
    });
    expect(problemsOf({ PORT: '3001', PROBE_PORT: '3001' })).toEqual([
      'PROBE_PORT must be another port than PORT',
    ]);
  });

  it.each(['2.3000.1043857761', '2.3000.1', '2.3000.4294967295'])(
    'takes %s for a version of WhatsApp Web',
    (text) => {
      expect(parseAppConfig({ WHATSAPP_WEB_VERSION: text })).toMatchObject({
        whatsappWebRevision: Number(text.split('.')[2]),
        whatsappWebVersionRefresh: true,
      });
    },
  );

  it.each([
    '1043857761',
    '2.3000.',
    '2.3000.0',
    '2.3000.01',
    '2.3000.4294967296',
    '2.2413.51',
    '2.3000.1-alpha',
    '2.3000.1e9',
  ])('does not take %s for a version of WhatsApp Web', (text) => {
    expect(problemsOf({ WHATSAPP_WEB_VERSION: text })).toEqual([
      'WHATSAPP_WEB_VERSION must be a version of WhatsApp Web such as 2.3000.1043857760',
    ]);
  });

  it.each([
    ['postgres://u:p#x@db/ringdrop', 'DATABASE_URL'],
    ['postgres://u:p/x@db/ringdrop', 'DATABASE_URL'],
    ['postgres://u:p@/ringdrop', 'DATABASE_URL'],
    ['postgres:///ringdrop', 'DATABASE_URL'],
    ['postgres://u:p@db:99999/ringdrop', 'DATABASE_URL'],
    ['nats://', 'NATS_URL'],
    ['nats://a:99999', 'NATS_URL'],
  ])('says what %s lacks to be a URL', (url, name) => {
    const others = { ENCRYPTION_KEY: KEY, DATABASE_URL: 'postgres://u:p@db/ringdrop' };
    const problems = problemsOf({ ...others, [name]: url });
    expect(problems.filter((problem) => problem.includes('is no complete URL'))).toEqual([
      expect.stringMatching(new RegExp(`^${name} is no complete URL: it needs a host, .*%23`)),
    ]);
  });

  it.each(['postgres://u:p%23x@db/ringdrop', 'postgres://u:p@%2Frun%2Fpg/x', 'postgres:///x?host=/run/pg'])(
    'takes %s for the URL of a database',
    (url) => {
      expect(problemsOf({ ENCRYPTION_KEY: KEY, DATABASE_URL: url })).toEqual([]);
    },
  );

  it('lets a closed network learn no version', () => {
    expect(parseAppConfig({ WHATSAPP_WEB_VERSION_REFRESH: 'false' }).whatsappWebVersionRefresh).toBe(false);
    expect(problemsOf({ WHATSAPP_WEB_VERSION_REFRESH: 'no' })).toEqual([
      'WHATSAPP_WEB_VERSION_REFRESH must be true or false',
    ]);
  });

  it('treats a blank variable as not set', () => {
    expect(parseAppConfig({ PORT: ' ', ADMIN_TOKEN: '' })).toMatchObject({
      port: 3000,
      adminToken: undefined,
    });
  });

  it('names every wrong variable at once and never repeats a value', () => {
    const problems = problemsOf({
      PORT: '70000',
      LOG_LEVEL: 'loud',
      ADMIN_TOKEN: 'tooshort',
      BASE_URL: 'ftp://x',
    });
    expect(problems).toHaveLength(4);
    for (const name of ['PORT', 'LOG_LEVEL', 'ADMIN_TOKEN', 'BASE_URL']) {
      expect(problems.some((problem) => problem.startsWith(name))).toBe(true);
    }
    expect(problems.join()).not.toMatch(/70000|loud|tooshort|ftp/);
  });

  it.each(['-1', '1.5', '1e3', '0x10', 'abc', '65536'])('refuses %s as a port', (PORT) => {
    expect(problemsOf({ PORT })).toHaveLength(1);
  });

  it('needs an encryption key as soon as the database is the operator’s', () => {
    const DATABASE_URL = 'postgres://u:p@db/ringdrop';
    expect(problemsOf({ DATABASE_URL })).toEqual(['ENCRYPTION_KEY is needed when DATABASE_URL is set']);
    expect(problemsOf({ DATABASE_URL, ENCRYPTION_KEY: KEY })).toEqual([]);
  });

  it('reads keys as hex and base64, the newest first', () => {
    const old = Buffer.alloc(32, 7);
    const { encryptionKeys } = parseAppConfig({
      ENCRYPTION_KEY: KEY,
      ENCRYPTION_KEYS_OLD: old.toString('base64'),
    });
    expect(encryptionKeys).toEqual([Buffer.from(KEY, 'hex'), old]);
  });

  it('refuses old keys without a new one, and a key of the wrong length', () => {
    expect(problemsOf({ ENCRYPTION_KEYS_OLD: KEY })).toHaveLength(1);
    expect(problemsOf({ ENCRYPTION_KEY: 'abcd' })).toHaveLength(1);
  });

  it.each([
    ['one byte repeated', '00'.repeat(32)],
    ['a short pattern repeated', 'deadbeef'.repeat(8)],
    ['a counting row', Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('hex')],
    [
      'a counting row backwards',
      Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - index * 3)).toString('hex'),
    ],
    ['a short row written twice', '00112233445566778899aabbccddeeff'.repeat(2)],
    [
      'nothing but decimal digits',
      '31415926535897932384626433832795028841971693993751058209749445923'.slice(0, 64),
    ],
    ['a sentence that happens to be base64', 'thisisaverysecretkeythatnobodyknowsatallxyz'],
    ['a text', Buffer.from('correct-horse-battery-staple-32b').toString('base64')],
  ])('refuses %s as the key that seals, but opens with it', (_, weak) => {
    expect(problemsOf({ ENCRYPTION_KEY: weak })).toEqual([
      'ENCRYPTION_KEY must be random, not a text or a pattern: openssl rand -hex 32',
    ]);
    expect(problemsOf({ ENCRYPTION_KEY: KEY, ENCRYPTION_KEYS_OLD: weak })).toEqual([]);
  });

  it('takes every key and token that was drawn at random', () => {
    for (let round = 0; round < 2000; round += 1) {
      expect(
        problemsOf({
          ENCRYPTION_KEY: randomBytes(32).toString('hex'),
          ADMIN_TOKEN: randomBytes(32).toString('hex'),
          METRICS_TOKEN: randomBytes(24).toString('base64url'),
        }),
      ).toEqual([]);
    }
  });

  it.each([
    'x'.repeat(40),
    'abc'.repeat(20),
    '1234567'.repeat(5),
    'changeme-changeme-changeme-changeme',
    'please-change-me-this-is-an-admin-token',
    'Ringdrop_Admin_Token_Secret_Password_1',
    'abcdefghijklmnopqrstuvwxyz0123456789',
    '0123456789abcdef0123456789abcdef',
    'aaaabbbbccccddddeeeeffffgggghhhhiiii',
  ])('refuses %s as a token', (weak) => {
    expect(problemsOf({ ADMIN_TOKEN: weak })).toEqual([
      'ADMIN_TOKEN must be random, not a pattern or a word: openssl rand -hex 32',
    ]);
    expect(problemsOf({ METRICS_TOKEN: weak })).toHaveLength(1);
  });

  it('takes a passphrase and a random token behind words of its owner', () => {
    const values = ['ringdrop-admin-7f3c9a51e2d84b06', 'walnut orbit cactus ferry maple tundra'];
    for (const ADMIN_TOKEN of values) expect(problemsOf({ ADMIN_TOKEN: `${ADMIN_TOKEN}42` })).toEqual([]);
  });

  it('takes exact origins for CORS and nobody by default', () => {
    expect(parseAppConfig({}).corsOrigins).toEqual([]);
    expect(
      parseAppConfig({ CORS_ORIGINS: 'https://app.example.com, http://127.0.0.1:5173' }).corsOrigins,
    ).toEqual(['https://app.example.com', 'http://127.0.0.1:5173']);
  });

  it.each([
    '*',
    'null',
    'https://*.example.com',
    'https://app.example.com/',
    'https://app.example.com/x',
    'https://APP.example.com',
    'https://app.example.com:443',
    'app.example.com',
    'file:///x',
    'https://app.example.com,,',
  ])('refuses %s as an origin', (CORS_ORIGINS) => {
    expect(problemsOf({ CORS_ORIGINS })).toEqual([expect.stringMatching(/^CORS_ORIGINS must be origins/)]);
  });

  it('takes the slash off the end of the base address', () => {
    expect(parseAppConfig({ BASE_URL: 'https://calls.example.com/' }).baseUrl).toBe(
      'https://calls.example.com',
    );
  });

  it('cannot be changed after it was read', () => {
    expect(Object.isFrozen(parseAppConfig({}))).toBe(true);
  });
});
