import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, open, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { ConfigurationError } from '../config/app-config.js';
import { makeDataDirectory } from './embedded/data-directory.js';

const KEY_FILE = 'encryption.key';
const KEY_BYTES = 32;

/**
 * The keys that seal stored secrets: the configured ones, else the one of `<dataDir>/encryption.key`, which is made
 * at the first start. Call it before the embedded database is made: a database without its key file means that the
 * file was lost, and then a new key would only hide that.
 * @param configured newest first; empty = none
 * @throws ConfigurationError when the key file is lost or is not a key file
 * @throws EmbeddedPostgresError when `dataDir` cannot be made
 */
export async function resolveEncryptionKeys(
  configured: readonly Buffer[],
  dataDir: string,
): Promise<readonly Buffer[]> {
  if (configured.length > 0) return configured;
  const file = path.join(dataDir, KEY_FILE);
  if (!existsSync(file)) {
    if (existsSync(path.join(dataDir, 'postgres'))) {
      throw new ConfigurationError([
        `${file} is missing, but there is a database whose secrets it seals: put it back, or set ENCRYPTION_KEY`,
      ]);
    }
    await makeKeyFile(file);
  }
  return [await readKeyFile(file)];
}

/**
 * Makes the file in one step, complete and readable by its owner only: a crash leaves no half-written key, and of two
 * processes that start at once the second uses the key of the first.
 */
async function makeKeyFile(file: string): Promise<void> {
  await makeDataDirectory(path.dirname(file));
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(`${randomBytes(KEY_BYTES).toString('hex')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, file);
  } catch (error) {
    if (!existsSync(file)) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function readKeyFile(file: string): Promise<Buffer> {
  const text = (await readFile(file, 'utf8')).trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  throw new ConfigurationError([
    `${file} does not hold a key of 64 hex digits: restore it, or set ENCRYPTION_KEY`,
  ]);
}
