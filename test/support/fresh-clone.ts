import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { childrenOf } from './postgres-processes.js';

const READY = /^Ringdrop is listening on (http:\/\/\S+)$/m;
const FIRST_TOKEN = /\b(rda_[A-Za-z0-9_-]{43})\b/;
const START_TIMEOUT_MS = 90_000;
/** Gives a command mounts of its own (util-linux). */
const UNSHARE = ['unshare', '-m'];
const END_TIMEOUT_MS = 20_000;
const POLL_MS = 50;

const run = promisify(execFile);

/** A user of the system. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Files of the project as a clone of what is here would have them; `undefined`: this is no git checkout. */
export function trackedFiles(): readonly string[] | undefined {
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { status, stdout } = spawnSync('git', options, { encoding: 'utf8' });
  if (status !== 0 || !existsSync('.git')) return undefined;
  return stdout.split('\0').filter((file) => file !== '' && existsSync(file));
}

/** Whether this process can show others its own `/var/lib`. */
export function canMount(): boolean {
  const [command = '', ...options] = [...UNSHARE, 'mount', '--bind', tmpdir(), '/var/lib'];
  return spawnSync(command, options).status === 0;
}

/** The project in a folder that only its owner may enter, with packages as after `npm ci`, and `npm start` in it. */
export class FreshClone {
  private command: readonly string[] = ['npm', 'start'];
  private npm: ChildProcess | undefined;
  private output = '';
  private readonly seen = new Map<number, string>();

  private constructor(
    /** Only its owner may enter. */
    readonly folder: string,
    readonly project: string,
    private readonly account: Account | undefined,
  ) {}

  static async make(files: readonly string[], name: string, account?: Account): Promise<FreshClone> {
    const folder = await mkdtemp(path.join(tmpdir(), 'ringdrop-clone-'));
    const project = path.join(folder, name);
    for (const file of files) {
      await mkdir(path.dirname(path.join(project, file)), { recursive: true });
      await copyFile(file, path.join(project, file));
    }
    await mkdir(path.join(folder, 'home'));
    const packages = path.resolve('node_modules');
    // Hard links are quick and need no space; another file system, or another `cp`, takes copies.
    await run('cp', ['-al', packages, project]).catch(async () => {
      await rm(path.join(project, 'node_modules'), { recursive: true, force: true });
      await run('cp', ['-a', packages, project]);
    });
    if (account) await own(folder, account);
    return new FreshClone(folder, project, account);
  }

  /** Takes the product that is built already: the build is all that `npm start` then leaves out. */
  async takeBuild(): Promise<void> {
    await cp('dist', path.join(this.project, 'dist'), { recursive: true });
    this.command = ['npm', 'run', 'start:prod'];
  }

  /**
   * `npm start`, until it listens. Resolves with the address and the token of the first account.
   * @param systemState a directory that the product sees as `/var/lib`, and nobody else
   */
  async start(systemState?: string): Promise<{ url: string; token: string; stdout: string }> {
    const mount = [...UNSHARE, 'sh', '-c', 'mount --bind "$0" /var/lib && exec "$@"'];
    const [command = '', ...options] =
      systemState === undefined ? this.command : [...mount, systemState, ...this.command];
    this.npm = spawn(command, options, {
      cwd: this.project,
      ...this.account,
      env: {
        PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
        HOME: path.join(this.folder, 'home'),
        PORT: '0',
        npm_config_update_notifier: 'false',
        WHATSAPP_WEB_VERSION_REFRESH: 'false',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.npm.stdout, this.npm.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    const url = await this.listening(this.npm);
    await this.look(this.npm.pid ?? 0);
    return { url, token: FIRST_TOKEN.exec(this.output)?.[1] ?? '', stdout: this.output };
  }

  /** Command lines of npm and of all that runs below it now, by their process ids. */
  get processes(): ReadonlyMap<number, string> {
    return this.seen;
  }

  /** Id of the one process that npm has started. */
  async product(): Promise<number> {
    const children = await childrenOf(this.npm?.pid ?? 0);
    if (children.length !== 1) throw new Error(`npm has ${children.length} children`);
    return children[0] ?? 0;
  }

  /** Resolves with the exit code of npm. */
  async ended(): Promise<number | null> {
    const { npm } = this;
    if (npm && npm.exitCode === null && npm.signalCode === null) await once(npm, 'close');
    return npm?.exitCode ?? null;
  }

  /** What still runs of the processes that were there after the start. */
  survivors(): string[] {
    return [...this.seen].filter(([pid]) => existsSync(`/proc/${pid}`)).map(([, command]) => command);
  }

  /** Ends what is left, also of a start that failed. */
  async remove(): Promise<void> {
    if (this.npm && this.npm.exitCode === null && this.npm.signalCode === null) {
      for (const pid of await childrenOf(this.npm.pid ?? 0)) process.kill(pid, 'SIGTERM');
      await Promise.race([this.ended(), sleep(END_TIMEOUT_MS, undefined, { ref: false })]);
      this.npm.kill('SIGKILL');
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private async listening(npm: ChildProcess): Promise<string> {
    for (const deadline = Date.now() + START_TIMEOUT_MS; ;) {
      const url = READY.exec(this.output)?.[1];
      if (url !== undefined) return url;
      if (npm.exitCode !== null || Date.now() > deadline)
        throw new Error(`npm start: exit code ${npm.exitCode}\n${this.output}`);
      await sleep(POLL_MS);
    }
  }

  private async look(pid: number): Promise<void> {
    this.seen.set(pid, (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim());
    for (const child of await childrenOf(pid)) await this.look(child);
  }
}

/** What was copied; of the packages only the folders, since their files may be those of this checkout. */
async function own(folder: string, { uid, gid }: Account): Promise<void> {
  const packages = ['-path', '*/node_modules/*', '!', '-type', 'd'];
  await run('find', [folder, ...packages, '-o', '-exec', 'chown', '-h', `${uid}:${gid}`, '{}', '+']);
}
