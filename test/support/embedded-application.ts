import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/**
 * An application that does nothing but use the embedded database.
 * SIGTERM: stops it and ends. SIGINT: counts first, as an application that finishes its requests would. SIGUSR2: ends without stopping it.
 */
const APPLICATION = `
import pg from 'pg';
import { startEmbeddedPostgres } from './src/database/embedded-postgres.js';
const tell = (value) => process.stdout.write(JSON.stringify(value) + '\\n');
setInterval(() => undefined, 60_000);
try {
  const database = await startEmbeddedPostgres({ dataDir: process.argv[2] });
  process.once('SIGTERM', () => database.stop().then(() => process.exit(0)));
  process.once('SIGUSR2', () => process.exit(0));
  process.once('SIGINT', async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const client = new pg.Client({ connectionString: database.url });
    const answer = await client.connect().then(() => client.query('SELECT 42 AS answer')).then(({ rows }) => rows[0].answer, String);
    await client.end().catch(() => undefined);
    tell({ answer });
    await database.stop();
    process.exit(0);
  });
  tell({ url: database.url, adopted: database.adopted });
} catch (error) {
  tell({ error: error.name + ': ' + error.message });
  process.exit(1);
}
`;

/** One line that the application printed. */
export interface ApplicationLine {
  url?: string;
  adopted?: boolean;
  error?: string;
  answer?: unknown;
}

/** Compiles the embedded database into `directory`, with a small application around it, so that it can run in a process of its own. */
export async function buildApplication(directory: string): Promise<void> {
  const compiler = path.resolve('node_modules/typescript/bin/tsc');
  const options =
    '--ignoreConfig --noCheck --module nodenext --target ES2023 --types node --rootDir . --outDir'.split(' ');
  await promisify(execFile)(process.execPath, [
    compiler,
    'src/database/embedded-postgres.ts',
    ...options,
    directory,
  ]);
  await writeFile(path.join(directory, 'package.json'), '{ "type": "module" }');
  await writeFile(path.join(directory, 'application.js'), APPLICATION);
}

/** The application of buildApplication in a process and a process group of its own. */
export class EmbeddedApplication {
  private readonly process: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(script: string, dataDir: string, account: { uid?: number; gid?: number } = {}) {
    this.process = spawn(process.execPath, [script, dataDir], {
      ...account,
      env: { PATH: process.env.PATH },
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.process.stdout === null) throw new Error('the application has no standard output');
    this.lines = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  /** The next line, or an error when the application ends without one. */
  async nextLine(): Promise<ApplicationLine> {
    const line: IteratorResult<string, unknown> = await this.lines.next();
    return line.done
      ? { error: 'the application ended without a word' }
      : (JSON.parse(line.value) as ApplicationLine);
  }

  /** What the application says once it has its database. */
  async started(): Promise<{ url: string; adopted: boolean }> {
    const { url, adopted, error } = await this.nextLine();
    if (url === undefined || adopted === undefined) throw new Error(error);
    return { url, adopted };
  }

  /** Sends a signal to the application, or as Ctrl-C does, to its whole process group. Resolves when the application has ended. */
  async end(signal: NodeJS.Signals, target: 'process' | 'group' = 'process'): Promise<void> {
    const { pid, exitCode, signalCode } = this.process;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    const exited = once(this.process, 'exit');
    process.kill(target === 'group' ? -pid : pid, signal);
    await exited;
  }
}
