import { createServer } from 'node:net';
import type { AppConfig } from '../config/app-config.js';
import type { Log } from '../common/logging/log.js';
import { errorCodeOf } from '../common/errors/error-code.js';
import { StartFailure } from './start-failure.js';

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use',
  EACCES: 'may not be used by this user',
  EADDRNOTAVAIL: 'is not an address of this machine',
  ENOTFOUND: 'is not an address of this machine',
};

const PORT_AND_HOST = 'PORT and HOST';
const LOOPBACK = /^(127(\.\d+){3}|\[?::1\]?|localhost)$/i;

/**
 * Looks whether the address is free before anything else is started: a second copy that was started by mistake must
 * not open the sessions of the first one before it notices.
 * @throws StartFailure
 */
export function requireFreeAddress(host: string, port: number, variables = PORT_AND_HOST): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => {
      const failure = listenFailure(error, host, port, variables);
      reject(failure instanceof Error ? failure : error);
    });
    probe.listen({ host, port }, () => probe.close(() => resolve()));
  });
}

/** A failed `listen` in words; other errors stay as they are. */
export function listenFailure(
  error: unknown,
  host: string,
  port: number,
  variables = PORT_AND_HOST,
): unknown {
  const reason = REASONS[errorCodeOf(error) ?? ''];
  if (reason === undefined) return error;
  return new StartFailure(`Ringdrop cannot listen: ${withPort(host, port)} ${reason}. Set ${variables}.`);
}

/** Warns when whoever reaches the address may read the metrics, which name no tenant, but tell how the service is used. */
export function warnOfOpenMetrics({ host, metricsToken }: AppConfig, log: Log): void {
  if (metricsToken !== undefined || LOOPBACK.test(host)) return;
  log.warn('Everybody who reaches this address can read /metrics: set METRICS_TOKEN', { host });
}

/** The address that a browser on this machine can open. */
export function localUrl(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${withPort(reachable, port)}`;
}

function withPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
