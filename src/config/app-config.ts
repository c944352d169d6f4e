import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isWeakKey, isWeakToken } from './weak-secret.js';

/** Everything an operator can set, read once from the environment and frozen. */
export abstract class AppConfig {
  /** TCP port of the HTTP server, 0–65535; 0 lets the system choose. */
  abstract readonly port: number;
  abstract readonly host: string;
  /** Public base address without a trailing slash, used in links and events; `undefined` = derived from the listener. */
  abstract readonly baseUrl: string | undefined;
  /** Directory of the embedded database and of the generated key file, absolute; `undefined` = `./data`, or what takes its place. */
  abstract readonly dataDir: string | undefined;
  /** PostgreSQL to use; `undefined` = the embedded one. */
  abstract readonly databaseUrl: string | undefined;
  abstract readonly databasePoolSize: number;
  /** NATS server through which several processes on one database work as one; `undefined` = this process is alone. */
  abstract readonly natsUrl: string | undefined;
  /** 32-byte keys, newest first; empty = generate a key file (embedded database only). */
  abstract readonly encryptionKeys: readonly Buffer[];
  abstract readonly adminToken: string | undefined;
  abstract readonly metricsToken: string | undefined;
  /** Requests a minute for each token over all routes. */
  abstract readonly rateLimitPerToken: number;
  /** Requests a minute for each account over all its tokens, unless the account has a number of its own. */
  abstract readonly rateLimitPerAccount: number;
  /** Requests a minute to `POST /api/instance/new` for each token. */
  abstract readonly rateLimitInstanceNew: number;
  /** Requests a minute for each client address that sends no valid token. */
  abstract readonly rateLimitPerAddress: number;
  /** Number of reverse proxies in front whose `X-Forwarded-For` is believed. */
  abstract readonly trustedProxies: number;
  /** Milliseconds in which a client must have sent its whole request; half of them for its headers. */
  abstract readonly requestTimeoutMs: number;
  /** Open HTTP connections; beyond them only probes are served. */
  abstract readonly maxConnections: number;
  /** Of them, those of one client address (IPv6: /64 network); as many as `maxConnections` behind trusted proxies. */
  abstract readonly maxConnectionsPerAddress: number;
  /** WebSockets of one account in this process, and open pairing pages. */
  abstract readonly maxWebSocketsPerAccount: number;
  /** TCP port of a listener for probes only; `undefined` = none. */
  abstract readonly probePort: number | undefined;
  /** Origins, `https://app.example.com`, whose web pages may call the API; empty = none. */
  abstract readonly corsOrigins: readonly string[];
  /** Sessions opened per second at start; 0 = as fast as the places for connecting ones allow. */
  abstract readonly sessionOpensPerSecond: number;
  /** Phones of one account that are being linked at a time in this process. */
  abstract readonly linkingSessionsPerAccount: number;
  /** Revision of WHATSAPP_WEB_VERSION; `undefined` = the highest that is known. */
  abstract readonly whatsappWebRevision: number | undefined;
  /** Ask WhatsApp Web for its version. */
  abstract readonly whatsappWebVersionRefresh: boolean;
  /** How long an account is left alone after a refusal whose end WhatsApp does not tell, 1–86,400. */
  abstract readonly restrictionPauseSeconds: number;
  /** Let webhooks go to loopback and private addresses. */
  abstract readonly webhookAllowPrivate: boolean;
  /** Let instances use proxies on loopback and private addresses. */
  abstract readonly proxyAllowPrivate: boolean;
  /** Seconds before the second, third, … try of a webhook delivery; after the last one it is given up. */
  abstract readonly webhookRetrySeconds: readonly number[];
  /** Days of nothing but failures after which a webhook is switched off; 0 = never. */
  abstract readonly webhookDisableAfterDays: number;
  /** Days for which calls are kept after their end, 0–36,500; 0 = for ever. */
  abstract readonly callRetentionDays: number;
  abstract readonly logLevel: LogLevel;
}

/** The retry schedule that Standard Webhooks 1.0 suggests: 10 tries within about three days. */
const RETRY_SECONDS = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
const MAX_RETRIES = 100;
const MAX_RETRY_SECONDS = 7 * 86_400;

/** As long as the longest pause that WhatsApp Web makes before it connects again. */
const RESTRICTION_PAUSE_SECONDS = 900;

const WEB_VERSION = /^2\.3000\.([1-9]\d{0,9})$/;
/** It travels as an unsigned 32-bit number. */
const MAX_WEB_REVISION = 2 ** 32 - 1;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One or more variables cannot be used; the message names them all at once, never their values. */
export class ConfigurationError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigurationError';
  }
}

/**
 * Reads `.env` of the working directory, if there is one, then the environment, which wins.
 * @throws ConfigurationError
 */
export function loadAppConfig(): AppConfig {
  if (existsSync('.env')) {
    try {
      // Node.js says what is wrong with a file only here.
      readFileSync('.env');
      process.loadEnvFile('.env');
    } catch (error) {
      throw new ConfigurationError([`.env cannot be read: ${error instanceof Error ? error.message : ''}`]);
    }
  }
  return parseAppConfig(process.env);
}

/** @throws ConfigurationError */
export function parseAppConfig(env: Readonly<Record<string, string | undefined>>): AppConfig {
  const problems: string[] = [];
  const text = (name: string): string | undefined => env[name]?.trim() || undefined;
  const integer = (name: string, fallback: number, min: number, max: number): number => {
    const value = text(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= min && number <= max) return number;
    problems.push(`${name} must be a whole number from ${min} to ${max}`);
    return fallback;
  };
  const url = (name: string, protocols: readonly string[]): string | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    const starts = protocols.map((protocol) => `${protocol}//`);
    if (!starts.some((start) => value.toLowerCase().startsWith(start))) {
      problems.push(`${name} must be a URL that starts with ${starts.join(' or ')}`);
    } else if (!isCompleteUrl(value)) {
      problems.push(
        `${name} is no complete URL: it needs a host, a port is at most 65535, and in a user or password # / ? @ and % are written as %23 %2F %3F %40 and %25`,
      );
    } else return value.replace(/\/+$/, '');
    return undefined;
  };
  const flag = (name: string, fallback = false): boolean => {
    const value = text(name)?.toLowerCase() ?? String(fallback);
    if (value !== 'true' && value !== 'false') problems.push(`${name} must be true or false`);
    return value === 'true';
  };
  const seconds = (name: string, fallback: readonly number[]): readonly number[] => {
    const value = text(name);
    if (value === undefined) return fallback;
    const list = value.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Infinity));
    if (list.length <= MAX_RETRIES && list.every((one) => one <= MAX_RETRY_SECONDS)) return list;
    problems.push(
      `${name} must be whole numbers from 0 to ${MAX_RETRY_SECONDS}, separated by commas, ${MAX_RETRIES} at most`,
    );
    return fallback;
  };
  const origins = (name: string): readonly string[] => {
    const list =
      text(name)
        ?.split(',')
        .map((part) => part.trim()) ?? [];
    if (list.every(isOrigin)) return list;
    problems.push(
      `${name} must be origins such as https://app.example.com, separated by commas, without path and wildcard`,
    );
    return [];
  };
  const token = (name: string): string | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    if (value.length < 32) problems.push(`${name} must have at least 32 characters`);
    else if (isWeakToken(value))
      problems.push(`${name} must be random, not a pattern or a word: openssl rand -hex 32`);
    return value;
  };
  const webRevision = (name: string): number | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    const revision = Number(WEB_VERSION.exec(value)?.[1] ?? NaN);
    if (revision <= MAX_WEB_REVISION) return revision;
    problems.push(`${name} must be a version of WhatsApp Web such as 2.3000.1043857760`);
    return undefined;
  };
  const writtenKeys = [text('ENCRYPTION_KEY'), ...(text('ENCRYPTION_KEYS_OLD')?.split(',') ?? [])]
    .filter((value) => value !== undefined)
    .map((value) => value.trim());
  const encryptionKeys = writtenKeys.map(parseKey);
  if (encryptionKeys.includes(undefined)) {
    problems.push(
      'ENCRYPTION_KEY and ENCRYPTION_KEYS_OLD take 32 random bytes each, as 64 hex digits or base64',
    );
  }
  const [newestKey] = encryptionKeys;
  // A weak key among the old ones is about to be replaced, and is needed for that.
  if (newestKey && isWeakKey(newestKey, writtenKeys[0] ?? '')) {
    problems.push('ENCRYPTION_KEY must be random, not a text or a pattern: openssl rand -hex 32');
  }
  if (text('ENCRYPTION_KEYS_OLD') && !text('ENCRYPTION_KEY')) {
    problems.push('ENCRYPTION_KEYS_OLD is set without ENCRYPTION_KEY');
  }
  const databaseUrl = url('DATABASE_URL', ['postgres:', 'postgresql:']);
  if (databaseUrl && !text('ENCRYPTION_KEY')) {
    problems.push('ENCRYPTION_KEY is needed when DATABASE_URL is set');
  }
  const natsUrl = url('NATS_URL', ['nats:', 'tls:']);
  if (natsUrl && !databaseUrl) problems.push('DATABASE_URL is needed when NATS_URL is set');
  const dataDir = text('DATA_DIR');
  const logLevel = LOG_LEVELS.find((level) => level === (text('LOG_LEVEL') ?? 'info'));
  if (!logLevel) problems.push(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`);

  const port = integer('PORT', 3000, 0, 65_535);
  const probePort = text('PROBE_PORT') === undefined ? undefined : integer('PROBE_PORT', 0, 1, 65_535);
  if (probePort !== undefined && probePort === port)
    problems.push('PROBE_PORT must be another port than PORT');
  const trustedProxies = integer('TRUSTED_PROXIES', 0, 0, 10);
  const maxConnections = integer('MAX_CONNECTIONS', 10_000, 10, 1_000_000);

  const config: AppConfig = {
    port,
    host: text('HOST') ?? '127.0.0.1',
    baseUrl: url('BASE_URL', ['http:', 'https:']),
    dataDir: dataDir === undefined ? undefined : path.resolve(dataDir),
    databaseUrl,
    databasePoolSize: integer('DATABASE_POOL_SIZE', 10, 2, 200),
    natsUrl,
    encryptionKeys: encryptionKeys.filter((key) => key !== undefined),
    adminToken: token('ADMIN_TOKEN'),
    metricsToken: token('METRICS_TOKEN'),
    rateLimitPerToken: integer('RATE_LIMIT_PER_TOKEN', 100, 1, 1_000_000),
    rateLimitPerAccount: integer('RATE_LIMIT_PER_ACCOUNT', 5000, 1, 10_000_000),
    rateLimitInstanceNew: integer('RATE_LIMIT_INSTANCE_NEW', 20, 1, 1_000_000),
    rateLimitPerAddress: integer('RATE_LIMIT_PER_ADDRESS', 60, 1, 1_000_000),
    trustedProxies,
    requestTimeoutMs: integer('REQUEST_TIMEOUT_SECONDS', 30, 1, 600) * 1000,
    maxConnections,
    // Behind proxies all connections are theirs, and the share of a client is for them to keep.
    maxConnectionsPerAddress: integer(
      'MAX_CONNECTIONS_PER_ADDRESS',
      trustedProxies > 0 ? maxConnections : Math.ceil(maxConnections / 4),
      1,
      1_000_000,
    ),
    maxWebSocketsPerAccount: integer(
      'MAX_WEBSOCKETS_PER_ACCOUNT',
      Math.ceil(maxConnections / 10),
      1,
      1_000_000,
    ),
    probePort,
    corsOrigins: Object.freeze(origins('CORS_ORIGINS')),
    sessionOpensPerSecond: integer('SESSION_OPENS_PER_SECOND', 5, 0, 1000),
    linkingSessionsPerAccount: integer('LINKING_SESSIONS_PER_ACCOUNT', 20, 1, 1000),
    restrictionPauseSeconds: integer('RESTRICTION_PAUSE_SECONDS', RESTRICTION_PAUSE_SECONDS, 1, 86_400),
    whatsappWebRevision: webRevision('WHATSAPP_WEB_VERSION'),
    whatsappWebVersionRefresh: flag('WHATSAPP_WEB_VERSION_REFRESH', true),
    webhookAllowPrivate: flag('WEBHOOK_ALLOW_PRIVATE'),
    proxyAllowPrivate: flag('PROXY_ALLOW_PRIVATE'),
    webhookRetrySeconds: Object.freeze(seconds('WEBHOOK_RETRY_SECONDS', RETRY_SECONDS)),
    callRetentionDays: integer('CALL_RETENTION_DAYS', 365, 0, 36_500),
    webhookDisableAfterDays: integer('WEBHOOK_DISABLE_AFTER_DAYS', 5, 0, 365),
    logLevel: logLevel ?? 'info',
  };
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.freeze(config);
}

/** The host of a database may stand behind the question mark: it can be a directory with a socket. */
function isCompleteUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, searchParams } = new URL(value);
  return hostname !== '' || (protocol.startsWith('postgres') && searchParams.has('host'));
}

/** Written exactly as browsers send it. */
function isOrigin(value: string): boolean {
  return /^https?:[^*]+$/.test(value) && URL.canParse(value) && new URL(value).origin === value;
}

function parseKey(value: string): Buffer | undefined {
  if (/^[0-9a-f]{64}$/i.test(value)) return Buffer.from(value, 'hex');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(value)) return Buffer.from(value, 'base64');
  return undefined;
}
