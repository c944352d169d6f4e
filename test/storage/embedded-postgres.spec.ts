import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { jest } from '@jest/globals';
import { PostgresSupervisor } from '../../src/database/embedded/postgres-supervisor.js';
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import {
  EmbeddedPostgresBench,
  eventually,
  isListening,
  serverPid,
} from '../support/embedded-postgres-bench.js';
import { runSql } from '../support/postgres.js';

jest.setTimeout(60_000);

let bench: EmbeddedPostgresBench;

beforeAll(async () => {
  bench = await EmbeddedPostgresBench.build();
});
afterEach(() => bench.release());
afterAll(() => bench.remove());

describe('the embedded PostgreSQL', () => {
  it('starts in an empty directory, closed to the network and with a password only its owner can read', async () => {
    const dataDir = await bench.dataDirectory();
    const { url, adopted } = await bench.start(dataDir);

    expect(adopted).toBe(false);
    for (const name of ['postgres.password', 'postgres.app-password']) {
      expect((await stat(path.join(dataDir, name))).mode & 0o777).toBe(0o600);
    }
    // The binaries are there as well when those of the package are closed to the server's account.
    const made = (await readdir(dataDir)).filter((name) => !name.startsWith('postgres-binaries-'));
    expect(made.sort()).toEqual([
      'postgres',
      'postgres.app-password',
      'postgres.log',
      'postgres.owner',
      'postgres.password',
      'postgres.socket',
    ]);
    const settings = [
      'server_encoding',
      'fsync',
      'data_checksums',
      'listen_addresses',
      'password_encryption',
    ];
    const values = settings.map((name) => `current_setting('${name}')`).join(` || ',' || `);
    expect(await runSql(url, `SELECT ${values}`)).toBe('UTF8,on,on,,scram-sha-256');
    expect(await runSql(url, "SELECT upper('é') || gen_random_uuid() IS NOT NULL")).toBe(true);
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(runSql(wrong.href, 'SELECT 1')).rejects.toThrow(/password authentication failed/);
  });

  it('keeps its data over a stop, which may be asked for twice, and listens in the same place again', async () => {
    const dataDir = await bench.dataDirectory();
    const first = await bench.start(dataDir);
    await runSql(first.url, 'CREATE TABLE kept AS SELECT 7 AS value');
    await Promise.all([first.stop(), first.stop()]);
    expect(await isListening(first.url)).toBe(false);

    const second = await bench.start(dataDir);
    expect(second).toMatchObject({ adopted: false, url: first.url });
    expect(await runSql(second.url, 'SELECT value FROM kept')).toBe(7);
  });

  it('comes back in the same place when the server is killed under a living application', async () => {
    const dataDir = await bench.dataDirectory();
    const { url, stop } = await bench.start(dataDir).then((server) => ({
      url: server.url,
      stop: () => server.stop(),
    }));
    await runSql(url, 'CREATE TABLE kept AS SELECT 7 AS value');
    for (let round = 1; round <= 2; round += 1) {
      const killed = await serverPid(dataDir);
      process.kill(killed, 'SIGKILL');
      expect(await eventually(() => runSql(url, 'SELECT value FROM kept'))).toBe(7);
      expect(await serverPid(dataDir)).not.toBe(killed);
    }
    await stop();
    expect(await isListening(url)).toBe(false);
  });

  it('is given up, and not made again empty, when its data was removed under a living application', async () => {
    const dataDir = await bench.dataDirectory();
    const failures = new EventEmitter<{ failure: [Error] }>();
    const server = await startEmbeddedPostgres({
      dataDir,
      onFailure: (error) => failures.emit('failure', error),
    });
    bench.onRelease(() => server.stop());
    const failed = once(failures, 'failure');
    const pid = await serverPid(dataDir);
    const clusterDir = path.join(dataDir, 'postgres');
    await rm(clusterDir, { recursive: true });
    process.kill(pid, 'SIGKILL');
    expect(await failed).toMatchObject([
      { message: expect.stringContaining(`The database in ${clusterDir} was removed`) },
    ]);
    expect(existsSync(clusterDir)).toBe(false);
  });

  it('is given up with the reason when it could not be started again for long enough', async () => {
    const dataDir = await bench.dataDirectory();
    const failures = new EventEmitter<{ failure: [Error] }>();
    const supervisor = new PostgresSupervisor(
      dataDir,
      () => undefined,
      (error) => failures.emit('failure', error),
      { giveUpMs: 500 },
    );
    await supervisor.start();
    bench.onRelease(() => supervisor.stop());
    const failed = once(failures, 'failure');
    await writeFile(path.join(dataDir, 'postgres', 'global', 'pg_control'), 'garbage');
    process.kill(await serverPid(dataDir), 'SIGKILL');
    expect(await failed).toMatchObject([
      { message: expect.stringMatching(/DATA_DIR .* does not start: .*(pg_control|control file)/s) },
    ]);
  });

  it('is started once by two applications that start at the same time, and belongs to one of them', async () => {
    const dataDir = await bench.dataDirectory();
    const applications = [bench.launch(dataDir), bench.launch(dataDir)];
    const starts = await Promise.all(applications.map((application) => application.started()));
    expect(starts.map(({ adopted }) => adopted).sort()).toEqual([false, true]);
    expect(new Set(starts.map(({ url }) => url)).size).toBe(1);

    const guest = applications[starts.findIndex(({ adopted }) => adopted)];
    const owner = applications[starts.findIndex(({ adopted }) => !adopted)];
    const url = starts[0]?.url ?? '';
    await guest?.end('SIGTERM');
    expect(await runSql(url, 'SELECT 1')).toBe(1);
    await owner?.end('SIGTERM');
    expect(await isListening(url)).toBe(false);
  });

  it('is started again by a guest when its owner ends', async () => {
    const dataDir = await bench.dataDirectory();
    const owner = bench.launch(dataDir);
    const { url } = await owner.started();
    const guest = await bench.start(dataDir);
    expect(guest).toMatchObject({ adopted: true, url });
    await owner.end('SIGTERM');
    expect(await eventually(() => runSql(url, 'SELECT 1'))).toBe(1);
    await guest.stop();
    expect(await isListening(url)).toBe(false);
  });

  it('outlives a killed application, and the next one adopts and then stops it', async () => {
    const dataDir = await bench.dataDirectory();
    const killed = bench.launch(dataDir);
    const { url } = await killed.started();
    await killed.end('SIGKILL');
    expect(await runSql(url, 'SELECT 1')).toBe(1);

    const next = await bench.start(dataDir);
    expect(next).toMatchObject({ adopted: true, url });
    process.kill(await serverPid(dataDir), 'SIGKILL');
    expect(await eventually(() => runSql(url, 'SELECT 1'))).toBe(1);
    await next.stop();
    expect(await isListening(url)).toBe(false);
  });

  it('is stopped by a guest whose owner was killed', async () => {
    const dataDir = await bench.dataDirectory();
    const killed = bench.launch(dataDir);
    const { url } = await killed.started();
    const guest = await bench.start(dataDir);
    await killed.end('SIGKILL');
    await guest.stop();
    expect(await isListening(url)).toBe(false);
  });

  it('starts again after the application and the server were both killed', async () => {
    const dataDir = await bench.dataDirectory();
    const killed = bench.launch(dataDir);
    const { url } = await killed.started();
    await runSql(url, 'CREATE TABLE kept AS SELECT 7 AS value');
    const pid = await serverPid(dataDir);
    await killed.end('SIGKILL');
    process.kill(pid, 'SIGKILL');

    const next = await bench.start(dataDir);
    expect(next.adopted).toBe(false);
    expect(await runSql(next.url, 'SELECT value FROM kept')).toBe(7);
  });

  it('starts although the pid in its lock file now belongs to another program', async () => {
    const dataDir = await bench.dataDirectory();
    await (await bench.start(dataDir)).stop();
    const account = await stat(path.join(dataDir, 'postgres'));
    const stranger = spawn('sleep', ['60'], { uid: account.uid, gid: account.gid, cwd: '/' });
    bench.onRelease(() => Promise.resolve(stranger.kill()));
    await once(stranger, 'spawn');
    const lock = path.join(dataDir, 'postgres', 'postmaster.pid');
    await writeFile(lock, `${stranger.pid}\n${path.dirname(lock)}\n1\n1\n\n127.0.0.1\n0 0\nready\n`);
    await chown(lock, account.uid, account.gid);

    const { url } = await bench.start(dataDir);
    expect(await runSql(url, 'SELECT 1')).toBe(1);
    expect(stranger.exitCode).toBeNull();
  });

  it('survives Ctrl-C until the application has asked its last question', async () => {
    const application = bench.launch(await bench.dataDirectory());
    const { url } = await application.started();
    await application.end('SIGINT', 'group');
    expect(await application.nextLine()).toEqual({ answer: 42 });
    expect(await isListening(url)).toBe(false);
  });

  it('is asked to shut down by an application that ends without stopping it', async () => {
    const application = bench.launch(await bench.dataDirectory());
    const { url } = await application.started();
    await application.end('SIGUSR2');
    await eventually(async () => expect(await isListening(url)).toBe(false));
  });
});
