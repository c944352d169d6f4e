import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ConfigurationError } from '../../../src/config/app-config.js';
import { resolveEncryptionKeys } from '../../../src/database/encryption-keys.js';

describe('encryption keys', () => {
  let directory: string;
  const resolve = (...configured: Buffer[]) =>
    resolveEncryptionKeys(configured, path.join(directory, 'data'));
  const file = () => path.join(directory, 'data', 'encryption.key');

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'ringdrop-keys-'));
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('are made at the first start, readable by the owner only, and stay the same', async () => {
    const first = await resolve();
    expect(first).toHaveLength(1);
    expect(first[0]).toHaveLength(32);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect((await readFile(file(), 'utf8')).trim()).toBe(first[0]?.toString('hex'));
    expect(await resolve()).toEqual(first);
  });

  it('are the same for processes that start at once, and leave no draft behind', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => resolve()));
    expect(new Set(all.map(([key]) => key?.toString('hex'))).size).toBe(1);
    expect(await readdir(path.join(directory, 'data'))).toEqual(['encryption.key']);
  });

  it('come from the configuration when it has some, and no file is made', async () => {
    const key = randomBytes(32);
    expect(await resolve(key)).toEqual([key]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('are never replaced when the file holds something else', async () => {
    await mkdir(path.dirname(file()));
    await writeFile(file(), 'not a key');
    await expect(resolve()).rejects.toThrow(ConfigurationError);
    expect(await readFile(file(), 'utf8')).toBe('not a key');
  });

  it('are not made anew for a database that is there already', async () => {
    await mkdir(path.join(directory, 'data', 'postgres'), { recursive: true });
    await chmod(path.join(directory, 'data', 'postgres'), 0o700);
    await expect(resolve()).rejects.toThrow(/encryption\.key is missing/);
  });
});
