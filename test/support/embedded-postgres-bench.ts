import { readFile, rm, symlink } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/database/embedded-postgres.js';
import { buildApplication, EmbeddedApplication } from './embedded-application.js';
import { makeDataDirectory } from './postgres.js';

const EVENTUALLY_MS = 15_000;
const POLL_MS = 50;

/** Directories, servers and applications for the tests of the embedded database, with everything released after each test. */
export class EmbeddedPostgresBench {
  private readonly cleanUps: (() => Promise<unknown>)[] = [];

  private constructor(readonly buildDir: string) {}

  /** Compiles the embedded database once, next to a link to the project's packages. */
  static async build(): Promise<EmbeddedPostgresBench> {
    const buildDir = await makeDataDirectory();
    await buildApplication(buildDir);
    await symlink(path.resolve('node_modules'), path.join(buildDir, 'node_modules'));
    return new EmbeddedPostgresBench(buildDir);
  }

  onRelease(cleanUp: () => Promise<unknown>): void {
    this.cleanUps.push(cleanUp);
  }

  async release(): Promise<void> {
    for (const cleanUp of this.cleanUps.splice(0).reverse()) await cleanUp();
  }

  async remove(): Promise<void> {
    await rm(this.buildDir, { recursive: true, force: true });
  }

  async dataDirectory(): Promise<string> {
    const directory = await makeDataDirectory();
    this.onRelease(() => rm(directory, { recursive: true, force: true }));
    return directory;
  }

  /** Starts the database in this process. */
  async start(dataDir: string): Promise<EmbeddedPostgres> {
    const server = await startEmbeddedPostgres({ dataDir });
    this.onRelease(() => server.stop());
    return server;
  }

  /** Starts an application in a process of its own. */
  launch(
    dataDir: string,
    account?: { uid: number; gid: number },
    projectDir = this.buildDir,
  ): EmbeddedApplication {
    const application = new EmbeddedApplication(path.join(projectDir, 'application.js'), dataDir, account);
    this.onRelease(() => application.end('SIGTERM'));
    return application;
  }
}

/** The pid in the lock file of the server of `dataDir`. */
export async function serverPid(dataDir: string): Promise<number> {
  return Number((await readFile(path.join(dataDir, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** Whether anybody accepts connections where `url` points to. */
export function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = hostname.startsWith('%2F')
      ? connect(path.join(decodeURIComponent(hostname), `.s.PGSQL.${port}`))
      : connect(Number(port), hostname);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

/** Repeats `ask` until it does not throw, for 15 s at most. */
export async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + EVENTUALLY_MS; ;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(POLL_MS);
    }
  }
}
