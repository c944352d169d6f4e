import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { SilentLog } from '../../test/support/silent-log.js';

/** Runs work on a PostgreSQL of its own, as durable as the product's, and removes it afterwards. */
export async function withScratchDatabase<T>(work: (dataSource: DataSource) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ringdrop-bench-'));
  await chmod(directory, 0o755);
  const dataDir = path.join(directory, 'data');
  const server = await startEmbeddedPostgres({ dataDir });
  try {
    const options = dataSourceOptions({ url: server.url, poolSize: 10, log: new SilentLog() });
    const dataSource = await new DataSource({ ...options, logging: false }).initialize();
    await dataSource.runMigrations();
    try {
      return await work(dataSource);
    } finally {
      await dataSource.destroy();
    }
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
