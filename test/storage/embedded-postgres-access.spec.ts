import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { jest } from '@jest/globals';
import { preparePostgresBinaries } from '../../src/database/embedded/binaries.js';
import { PostgresSupervisor } from '../../src/database/embedded/postgres-supervisor.js';
import { chooseServerAccount } from '../../src/database/embedded/server-account.js';
import { freePort } from '../../src/database/embedded/server-address.js';
import { administratorUrl } from '../support/administrator.mjs';
import {
  EmbeddedPostgresBench,
  eventually,
  isListening,
  serverPid,
} from '../support/embedded-postgres-bench.js';
import { runSql } from '../support/postgres.js';

const asRoot = process.getuid?.() === 0 ? it : it.skip;

jest.setTimeout(60_000);

let bench: EmbeddedPostgresBench;

beforeAll(async () => {
  bench = await EmbeddedPostgresBench.build();
});
afterEach(() => bench.release());
afterAll(() => bench.remove());

const runAll = async (url: string, statements: readonly string[]): Promise<void> => {
  for (const statement of statements) await runSql(url, statement);
};
const socketDir = (url: string): string => decodeURIComponent(new URL(url).hostname);
const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777;

/** Inodes of the sockets that wait for connections of the network. */
async function networkListeners(): Promise<string[]> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const lines = tables
    .join('\n')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  return lines.filter((fields) => fields[3] === '0A').map((fields) => `socket:[${fields[9]}]`);
}

describe('the embedded PostgreSQL lets nobody else in: it', () => {
  it('listens in a folder that only its account may enter, and nowhere on the network', async () => {
    const dataDir = await bench.dataDirectory();
    const { url } = await bench.start(dataDir);
    expect(socketDir(url)).toBe(path.join(dataDir, 'postgres.socket'));
    expect(await modeOf(socketDir(url))).toBe(0o700);
    expect((await stat(socketDir(url))).uid).toBe((await stat(path.join(dataDir, 'postgres'))).uid);
    const fds = `/proc/${await serverPid(dataDir)}/fd`;
    const open = await Promise.all(
      (await readdir(fds)).map((fd) => readlink(path.join(fds, fd)).catch(() => '')),
    );
    const listeners = await networkListeners();
    expect(open.filter((target) => listeners.includes(target))).toEqual([]);
    expect(new URL(url).searchParams.get('require_auth')).toBe('scram-sha-256');
  });

  it('gives the application a role that is no superuser and owns what it works with', async () => {
    const { url } = await bench.start(await bench.dataDirectory());
    const rights = ['super', 'createdb', 'createrole', 'replication', 'bypassrls'].map(
      (right) => `rol${right}::text`,
    );
    expect(
      await runSql(
        url,
        `SELECT concat_ws(',', rolname, ${rights.join(', ')}) FROM pg_roles WHERE rolname = current_user`,
      ),
    ).toBe('ringdrop_app,false,false,false,false,false');
    await runSql(url, 'CREATE TABLE mine AS SELECT 1 AS value');
    for (const forbidden of [
      `COPY mine TO PROGRAM 'true'`,
      `SELECT pg_read_file('postgresql.conf')`,
      `ALTER SYSTEM SET fsync = off`,
    ]) {
      await expect(runSql(url, forbidden)).rejects.toThrow(/permission denied/);
    }
  });

  it('gives it what a release made in which it was the superuser, and a backup that was restored', async () => {
    const dataDir = await bench.dataDirectory();
    const first = await bench.start(dataDir);
    const administrator = await administratorUrl(first.url, dataDir);
    // As it was left by that release.
    await runAll(administrator, [
      'ALTER DATABASE postgres OWNER TO ringdrop',
      'DROP ROLE ringdrop_app',
      `CREATE TABLE "Old ""calls" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number serial, text text)`,
      `INSERT INTO "Old ""calls" (text) VALUES ('kept')`,
      'CREATE SEQUENCE counter',
      'CREATE VIEW texts AS SELECT text FROM "Old ""calls"',
      `CREATE TYPE mood AS ENUM ('good')`,
      `CREATE FUNCTION twice(value integer) RETURNS integer LANGUAGE sql AS 'SELECT value * 2'`,
      'CREATE EXTENSION pg_trgm',
    ]);
    await first.stop();
    await rm(path.join(dataDir, 'postgres.app-password'));

    const { url } = await bench.start(dataDir);
    await runAll(url, [
      `INSERT INTO "Old ""calls" (text) VALUES ('new')`,
      'ALTER TABLE "Old ""calls" ADD more text',
      'DROP SEQUENCE counter',
      `ALTER TYPE mood ADD VALUE 'better'`,
      `CREATE OR REPLACE FUNCTION twice(value integer) RETURNS integer LANGUAGE sql AS 'SELECT value + value'`,
    ]);
    expect(await runSql(url, `SELECT string_agg(text, ',') FROM texts`)).toBe('kept,new');
  });

  asRoot('keeps its socket in a short folder of its own where the path of the data is too long', async () => {
    const deep = path.join(await bench.dataDirectory(), 'x'.repeat(120));
    const name = `ringdrop-${createHash('sha256').update(path.join(deep, 'postgres')).digest('hex').slice(0, 16)}`;
    const short = path.join('/tmp', name);
    bench.onRelease(() => rm(short, { recursive: true, force: true }));
    const first = await bench.start(deep);
    expect(socketDir(first.url)).toBe(short);
    expect(await modeOf(short)).toBe(0o700);
    await first.stop();
    await rm(short, { recursive: true });
    // Of somebody who knows the name beforehand.
    await mkdir(short, { mode: 0o777 });
    await chown(short, 12_345, 12_345);
    const second = await bench.start(deep);
    bench.onRelease(() => rm(socketDir(second.url), { recursive: true, force: true }));
    expect(socketDir(second.url)).not.toBe(short);
    expect(await modeOf(socketDir(second.url))).toBe(0o700);
    expect(await runSql(second.url, 'SELECT 1')).toBe(1);
  });
});

describe('a server that uses TCP', () => {
  const start = async (dataDir: string): Promise<PostgresSupervisor> => {
    const supervisor = new PostgresSupervisor(
      dataDir,
      () => undefined,
      () => undefined,
      { overTcp: true },
    );
    bench.onRelease(() => supervisor.stop());
    await supervisor.start();
    return supervisor;
  };

  it('is what Windows gets: a password by SCRAM only, and the same port after a crash', async () => {
    const dataDir = await bench.dataDirectory();
    const { url } = await start(dataDir);
    expect(new URL(url).hostname).toBe('127.0.0.1');
    expect(new URL(url).searchParams.get('require_auth')).toBe('scram-sha-256');
    process.kill(await serverPid(dataDir), 'SIGKILL');
    expect(await eventually(() => runSql(url, 'SELECT 1'))).toBe(1);
  });

  it('is not shared with an older release that runs it', async () => {
    const dataDir = await bench.dataDirectory();
    await start(dataDir);
    await expect(bench.start(dataDir)).rejects.toThrow('An older release of Ringdrop is running');
  });

  it('is replaced when an older release was killed and left it', async () => {
    const dataDir = await bench.dataDirectory();
    await (await bench.start(dataDir)).stop();
    const clusterDir = path.join(dataDir, 'postgres');
    const account = await chooseServerAccount(clusterDir);
    const { postgres } = await preparePostgresBinaries(dataDir, account);
    const port = await freePort(null);
    const settings = ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];
    const left = spawn(postgres, ['-D', clusterDir, '-p', String(port), ...settings], {
      ...account,
      cwd: '/',
      env: { LC_ALL: 'C' },
      stdio: 'ignore',
    });
    bench.onRelease(() => Promise.resolve(left.kill('SIGKILL')));
    await eventually(async () => expect(await isListening(`postgres://127.0.0.1:${port}/`)).toBe(true));
    const ended = once(left, 'exit');

    const { url, adopted } = await bench.start(dataDir);
    expect(adopted).toBe(false);
    expect(await runSql(url, 'SELECT 1')).toBe(1);
    await ended;
  });
});
