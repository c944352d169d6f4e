import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';

const PASSWORD_BYTES = 24;

/** The superuser's password. Throws when the file is gone, unreadable or empty. */
export async function readPassword(passwordFile: string): Promise<string> {
  const password = await readFile(passwordFile, 'utf8').then(
    (text) => text.trim(),
    () => '',
  );
  if (password !== '') return password;
  throw new EmbeddedPostgresError(
    `The password of the embedded PostgreSQL cannot be read from ${passwordFile}. Restore it together with the data directory next to it.`,
  );
}

/** The password for a new cluster. One that an unfinished start left behind is as good as a new one. */
export async function ensurePassword(passwordFile: string): Promise<string> {
  const left = await readPassword(passwordFile).catch(() => null);
  if (left !== null) return left;
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const draft = `${passwordFile}.${process.pid}`;
  await writeFile(draft, `${password}\n`, { mode: 0o600 });
  await rename(draft, passwordFile);
  return password;
}
