import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { NodesRepository } from '../cluster/nodes.repository.js';
import { SecretBox } from '../common/crypto/secret-box.js';
import type { Log } from '../common/logging/log.js';
import { PinoLog } from '../common/logging/pino-log.js';
import { SystemClock } from '../common/time/system-clock.js';
import { ConfigurationError, loadAppConfig, type AppConfig } from '../config/app-config.js';
import { dataSourceOptions } from '../database/data-source-options.js';
import { requireKnownSchema } from '../database/migrate.js';
import { openDatabaseServer } from '../startup/database-server.js';
import { StartFailure } from '../startup/start-failure.js';
import { KeyRotation, type RotationProgress, type RotationResult } from './key-rotation.js';

const POOL_SIZE = 2;
const PROGRESS_EVERY_MS = 1000;

/**
 * `npm run keys:rotate`: takes `ENCRYPTION_KEY`, the new key, and `ENCRYPTION_KEYS_OLD`. The product must run with both
 * before, so that it seals with the new key. The last line is JSON; the exit code is 1 unless everything is under the
 * new key afterwards.
 */
async function rotateKeys(): Promise<void> {
  const startedAtMs = performance.now();
  const config = loadAppConfig();
  if (config.encryptionKeys.length < 2) {
    throw new ConfigurationError(['ENCRYPTION_KEY (the new key) and ENCRYPTION_KEYS_OLD are both needed']);
  }
  const result = await rotateIn(config, PinoLog.create('warn'));
  const ok = result.unreadable === 0 && result.remaining === 0;
  if (result.unreadable > 0) say('Some values open with none of the keys and were left as they are.');
  if (result.remaining > 0) say('Something still seals with an old key; rotate again once it has stopped.');
  if (ok) say('Everything is under the new key. ENCRYPTION_KEYS_OLD is not needed any more.');
  say(JSON.stringify({ ...result, duration_ms: Math.round(performance.now() - startedAtMs), ok }));
  process.exitCode = ok ? 0 : 1;
}

async function rotateIn(config: AppConfig, log: Log): Promise<RotationResult> {
  const server = await openDatabaseServer(config, log);
  try {
    const database = new DataSource(
      dataSourceOptions({ url: server.url, poolSize: POOL_SIZE, log, applicationName: 'ringdrop-keys' }),
    );
    await database.initialize();
    try {
      await requireCurrentSchema(database);
      const box = new SecretBox(server.encryptionKeys);
      await requireNewKeyEverywhere(new NodesRepository(database, box, new SystemClock()));
      return await new KeyRotation(database, box, { onProgress: progressTeller() }).run();
    } finally {
      await database.destroy();
    }
  } finally {
    await server.stop();
  }
}

/** Without the migrations of this release nothing says which keys the running processes have. */
async function requireCurrentSchema(database: DataSource): Promise<void> {
  await requireKnownSchema(database);
  if (!(await database.showMigrations())) return;
  throw new StartFailure('The database is older than this release: start the product once, then rotate.');
}

/** A product without the new key could read nothing any more. */
async function requireNewKeyEverywhere(nodes: NodesRepository): Promise<void> {
  if ((await nodes.countOfOtherKeys()) === 0) return;
  throw new StartFailure(
    'A product that seals with another key uses this database: restart it with the new ENCRYPTION_KEY and the old one in ENCRYPTION_KEYS_OLD, then rotate.',
  );
}

function progressTeller(): (progress: RotationProgress) => void {
  let toldAtMs = -Infinity;
  return ({ table, column, reencrypted }) => {
    if (performance.now() - toldAtMs < PROGRESS_EVERY_MS) return;
    toldAtMs = performance.now();
    say(`${table}.${column}: ${reencrypted} values are under the new key`);
  };
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await rotateKeys();
} catch (error) {
  say(error instanceof Error ? error.message : 'The keys cannot be rotated');
  say(JSON.stringify({ ok: false }));
  process.exitCode = 1;
}
