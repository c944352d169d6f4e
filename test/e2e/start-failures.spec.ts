import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { firstClosedPath } from '../../src/database/embedded/server-account.js';

const MAIN = process.env['PRODUCT_MAIN'] ?? path.resolve('dist/src/main.js');
const NOBODY = { uid: 65534, gid: 65534 };
const KEY = { ENCRYPTION_KEY: '5f9c1d7be2a84036915cfe70d3b8a2416e0f7c95ab1d384278c6e50f93ad41b7' };
const TIME_LIMIT_MS = 60_000;

interface Attempt {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly openFiles?: number;
  readonly asNobody?: boolean;
}

interface Ending {
  readonly code: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the product until it ends by itself. */
function run({ env, cwd, openFiles, asNobody = false }: Attempt): Promise<Ending> {
  const limit = openFiles === undefined ? '' : `ulimit -n ${openFiles}; `;
  const options = {
    cwd: cwd ?? tmpdir(),
    env: { PATH: process.env['PATH'], PORT: '0', WHATSAPP_WEB_VERSION_REFRESH: 'false', ...env },
    timeout: TIME_LIMIT_MS,
    ...(asNobody && NOBODY),
  };
  return new Promise((resolve) => {
    const command = `${limit}exec "$0" "$1"`;
    execFile('/bin/sh', ['-c', command, process.execPath, MAIN], options, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stdout, stderr }),
    );
  });
}

const isRoot = process.getuid?.() === 0;
const needed = [process.execPath, MAIN, path.resolve('node_modules/pg/package.json')];
const closed = await Promise.all(needed.map((file) => firstClosedPath(file, NOBODY)));
const asNobody = isRoot && closed.every((one) => one === null) ? it : it.skip;

describe('a start that fails ends at once with code 1 and one sentence that names what to set', () => {
  let directory: string;
  let taken: Server;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'ringdrop-starts-'));
    await chmod(directory, 0o755);
    await writeFile(path.join(directory, 'file'), 'precious');
    await symlink('loop', path.join(directory, 'loop'));
    await symlink('/nowhere/at/all', path.join(directory, 'dangling'));
    await mkdir(path.join(directory, 'wrong', '.env'), { recursive: true });
    await mkdir(path.join(directory, 'secret'));
    await writeFile(path.join(directory, 'secret', '.env'), 'LOG_LEVEL=info');
    await chmod(path.join(directory, 'secret', '.env'), 0o000);
    taken = createServer().listen(0, '127.0.0.1');
  });

  afterAll(async () => {
    await new Promise((resolve) => taken.close(resolve));
    await rm(directory, { recursive: true, force: true });
  });

  const expectSentence = async (attempt: Attempt, sentence: RegExp) => {
    const { code, stdout, stderr } = await run(attempt);
    expect(stderr.split('\n')).toHaveLength(2);
    expect(stderr).toMatch(sentence);
    expect(stdout + stderr).not.toMatch(/\n\s+at |"stack"|\\n {4}at /);
    expect(code).toBe(1);
  };

  it.each([
    ['a file', 'file', 'a file is in its place'],
    ['below a file', 'file/below', 'a part of its path is a file'],
    ['a circle of links', 'loop', 'its symbolic links lead in a circle'],
    ['a link to nothing', 'dangling', 'no directory can be made there'],
    ['too long a name', 'x'.repeat(300), 'a name in its path is too long'],
  ])('DATA_DIR is %s', async (_what, name, reason) => {
    const place = path.join(directory, name);
    await expectSentence(
      { env: { DATA_DIR: place } },
      new RegExp(
        `^DATA_DIR ${place} cannot be used: ${reason} \\(.*\\)\\. Set DATA_DIR to another directory\\.\n$`,
      ),
    );
  });

  it.each(['/proc/x', '/proc/self/fd', '/sys/x'])(
    'DATA_DIR is %s, where nothing can be made',
    async (place) => {
      await expectSentence({ env: { DATA_DIR: place } }, new RegExp(`^DATA_DIR ${place} cannot be used: `));
    },
  );

  asNobody('DATA_DIR may not be written', async () => {
    await expectSentence(
      { env: { DATA_DIR: directory }, asNobody: true },
      /^DATA_DIR .* cannot be used: this user may not read or write there \(EACCES: permission denied/,
    );
  });

  it('.env is no file', async () => {
    const ending = await run({ env: {}, cwd: path.join(directory, 'wrong') });
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(ending.stderr).toMatch(
      /^The configuration cannot be used:\n {2}- \.env cannot be read: EISDIR.*\n$/,
    );
  });

  asNobody('.env may not be read', async () => {
    const ending = await run({ env: {}, cwd: path.join(directory, 'secret'), asNobody: true });
    expect(ending).toMatchObject({ code: 1, stdout: '' });
    expect(ending.stderr).toMatch(
      /^The configuration cannot be used:\n {2}- \.env cannot be read: EACCES.*\n$/,
    );
  });

  it('the limit of open files is too low', async () => {
    await expectSentence(
      { env: { DATA_DIR: path.join(directory, 'data') }, openFiles: 256 },
      /^Ringdrop cannot start: it may open 256 files and sockets, and needs at least 512\. Raise the limit: ulimit -n/,
    );
  });

  it('HOST is no address of this machine, or PORT is in use', async () => {
    await expectSentence(
      { env: { HOST: '203.0.113.5' } },
      /^Ringdrop cannot listen: .* Set PORT and HOST\.\n$/,
    );
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expectSentence({ env: { PORT: String(port) } }, /is already in use\. Set PORT and HOST\.\n$/);
  });

  it('DATABASE_URL has a wrong password, or names no database of the server, or a certificate that is not there', async () => {
    const server = process.env['TEST_DATABASE_URL'] ?? '';
    const wrong = new URL(server);
    wrong.password = 'wrong';
    await expectSentence(
      { env: { DATABASE_URL: wrong.href, ...KEY } },
      /^The database cannot be used: password authentication failed .* Check DATABASE_URL\.\n$/,
    );
    const missing = new URL(server);
    missing.pathname = '/nowhere';
    await expectSentence(
      { env: { DATABASE_URL: missing.href, ...KEY } },
      /^The database cannot be used: database "nowhere" does not exist .* Check DATABASE_URL\.\n$/,
    );
    await expectSentence(
      { env: { DATABASE_URL: 'postgres://u:p@127.0.0.1/x?sslrootcert=/nowhere.pem', ...KEY } },
      /^DATABASE_URL cannot be used: ENOENT: .*\/nowhere\.pem/,
    );
  });
});
