import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { SecretWatch } from './secret-watch.js';

const READY = /^Ringdrop is listening on (http:\/\/\S+)$/m;
const FIRST_TOKEN = /\b(rda_[A-Za-z0-9_-]{43})\b/;
const START_TIMEOUT_MS = 60_000;
const COMPLAINT = /^\{"level":"(?:warn|error)"/;
const COMPLAINTS = 20;

/** `npm run start:prod`, word by word: node, its options, the built product. */
export function startCommand(): string[] {
  const packageJson: unknown = JSON.parse(readFileSync('package.json', 'utf8'));
  const { scripts } = packageJson as { scripts: { 'start:prod': string } };
  return scripts['start:prod'].replace('exec ', '').split(' ');
}

export interface SpawnOptions {
  /** Added to a nearly empty environment; `DATA_DIR` or `DATABASE_URL` should be in it. */
  readonly env: Readonly<Record<string, string>>;
  /** Modules that are loaded before the product, as with `node --import`. */
  readonly imports?: readonly string[];
  /** The built product; `PRODUCT_MAIN` of the environment names another build for a whole run. */
  readonly main?: string;
  readonly cwd?: string;
  /** Sees all that the product writes; its own one, which knows the environment and the first token, when none is given. */
  readonly watch?: SecretWatch;
  /** Kills the process with SIGKILL, also while it starts. */
  readonly signal?: AbortSignal;
}

/** The built product in a process of its own. */
export interface SpawnedProduct {
  readonly url: string;
  /** The token that a first start prints; empty on later starts. */
  readonly accountToken: string;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** The last warnings and errors of its log. */
  complaints(): string;
  /** Resolves with the exit code when the process has ended, by itself. Rejects when it has written a secret. */
  ended(): Promise<number | null>;
  /** SIGTERM; resolves with the exit code when the process has ended. Rejects when it has written a secret. */
  stop(): Promise<number | null>;
  /** SIGKILL; resolves when the process has ended. Rejects when it has written a secret. */
  kill(): Promise<void>;
}

/** What a product that did not start left behind. */
export class ProductDidNotStart extends Error {
  constructor(
    readonly exitCode: number | null,
    readonly stdout: string,
    readonly stderr: string,
  ) {
    super(`The product did not start (exit code ${exitCode}):\n${stdout}${stderr}`);
  }
}

/**
 * Starts the built product on a free port and waits until it listens.
 * @throws ProductDidNotStart
 */
export async function spawnProduct(options: SpawnOptions): Promise<SpawnedProduct> {
  const main = options.main ?? process.env['PRODUCT_MAIN'] ?? path.resolve('dist/src/main.js');
  const imports = (options.imports ?? []).flatMap((module) => ['--import', module]);
  const child = spawn(process.execPath, [...startCommand().slice(1, -1), ...imports, main], {
    cwd: options.cwd,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      PORT: '0',
      // Nothing that a test starts reaches the internet.
      WHATSAPP_WEB_VERSION_REFRESH: 'false',
      ...options.env,
      ...(process.env['CANARIES'] === '1' && { LOG_LEVEL: 'trace' }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const watch = options.watch ?? new SecretWatch();
  watch.learnEnvironment(options.env);
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      output[stream] += text;
      watch.write(text);
    });
  }
  const ended = once(child, 'close');
  // Not the option of `spawn`, which would also report the kill as an error.
  options.signal?.addEventListener('abort', () => child.kill('SIGKILL'));
  const url = await listening(child, output);
  const accountToken = FIRST_TOKEN.exec(output.stdout)?.[1] ?? '';
  const end = async () => {
    await ended;
    watch.check();
    return child.exitCode;
  };
  watch.learn('first token', accountToken);
  return {
    url,
    accountToken,
    pid: child.pid ?? 0,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    complaints: () =>
      output.stdout
        .split('\n')
        .filter((line) => COMPLAINT.test(line))
        .slice(-COMPLAINTS)
        .join('\n') + output.stderr,
    ended: end,
    stop: () => {
      child.kill('SIGTERM');
      return end();
    },
    kill: async () => {
      child.kill('SIGKILL');
      await end();
    },
  };
}

function listening(child: ChildProcess, output: { stdout: string; stderr: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = () => {
      clearTimeout(timeout);
      child.kill('SIGKILL');
      reject(new ProductDidNotStart(child.exitCode, output.stdout, output.stderr));
    };
    const timeout = setTimeout(fail, START_TIMEOUT_MS);
    child.once('close', fail);
    child.once('error', fail);
    child.stdout?.on('data', () => {
      const url = READY.exec(output.stdout)?.[1];
      if (url === undefined) return;
      clearTimeout(timeout);
      child.off('close', fail);
      resolve(url);
    });
  });
}
