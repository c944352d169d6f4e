import { existsSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { firstClosedPath } from '../../src/database/embedded/server-account.js';
import { canMount, FreshClone, trackedFiles, type Account } from '../support/fresh-clone.js';
import { startCommand } from '../support/spawn-product.js';

const SYSTEM_DIRECTORY = '/var/lib/ringdrop';
const LIMIT_MS = 150_000;

const isRoot = process.getuid?.() === 0;
const files = trackedFiles();
const mounts = isRoot && canMount();

/** Root tries it as `nobody`, everybody else as themselves: PostgreSQL needs a user with an entry in /etc/passwd. */
const nobody = /^nobody:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
const account: Account | undefined = isRoot
  ? { uid: Number(nobody?.[1]), gid: Number(nobody?.[2]) }
  : undefined;

/** `it`, or a skip that nobody overlooks. */
function itUnless(reason: string | undefined, name: string, test: () => Promise<void>): void {
  if (reason === undefined) return it(name, test, LIMIT_MS);
  process.stderr.write(`\nSKIPPED, ${reason}: ${name}\n\n`);
  it.skip(name, test);
}

async function whyNotAsUser(): Promise<string | undefined> {
  if (!files) return 'this is no git checkout';
  if (!account) return undefined;
  const isReadable = (statSync('node_modules/typescript/lib/typescript.js').mode & 0o004) !== 0;
  if (nobody && isReadable && (await firstClosedPath(process.execPath, account)) === null) return undefined;
  return 'node and the packages are closed to users other than root';
}

function whyNotAsRoot(): string | undefined {
  if (!files) return 'this is no git checkout';
  if (!isRoot) return 'the tests are not run by root';
  return mounts || !existsSync(SYSTEM_DIRECTORY) ? undefined : `${SYSTEM_DIRECTORY} is in use here`;
}

const notAsUser = await whyNotAsUser();

describe('npm start in a fresh clone', () => {
  let clone: FreshClone | undefined;

  afterEach(() => clone?.remove());

  /** Uses the product, stops it, and returns what it printed. */
  async function startAndStop(running: FreshClone, systemState?: string): Promise<string> {
    const { url, token, stdout } = await running.start(systemState);
    const answer = await fetch(`${url}/api/instance/list`, { headers: { token } });
    expect(answer.status).toBe(200);
    const product = await running.product();
    // npm's shell has become node: a signal for the one process below npm is one for the product.
    expect(running.processes.get(product)).toBe(startCommand().join(' '));
    expect([...running.processes.values()].join()).toContain('bin/postgres -D');
    process.kill(product, 'SIGTERM');
    expect(await running.ended()).toBe(0);
    expect(running.survivors()).toEqual([]);
    return stdout;
  }

  itUnless(
    notAsUser,
    'works for an ordinary user in a folder of their own, whatever it is called, with the data beside it',
    async () => {
      clone = await FreshClone.make(files ?? [], `José's "100%20" of $HOME`, account);
      const stdout = await startAndStop(clone);
      const dataDir = path.join(clone.project, 'data');
      expect(stdout.split('\n')).toContain(`Data: ${dataDir}`);
      expect(await readdir(dataDir)).toEqual(expect.arrayContaining(['encryption.key', 'postgres']));
    },
  );

  itUnless(
    whyNotAsRoot(),
    'works for root in a folder that is closed to all others, with the data in /var/lib/ringdrop',
    async () => {
      clone = await FreshClone.make(files ?? [], 'ringdrop');
      // One build is enough, and it was seen to work above.
      if (notAsUser === undefined) await clone.takeBuild();
      const systemState = mounts ? await mkdtemp(path.join(tmpdir(), 'ringdrop-state-')) : undefined;
      const dataDir = systemState === undefined ? SYSTEM_DIRECTORY : path.join(systemState, 'ringdrop');
      try {
        if (systemState !== undefined) await chmod(systemState, 0o755);
        const stdout = await startAndStop(clone, systemState);
        const whereAndWhy = `Data: ${SYSTEM_DIRECTORY} \\(.* may not enter ${clone.folder};.* DATA_DIR`;
        expect(stdout).toMatch(new RegExp(`^${whereAndWhy}`, 'm'));
        expect(stdout.match(/^\{"level":"info".*"dataDir":"\/var\/lib\/ringdrop"/gm)).toHaveLength(1);
        expect(await readdir(dataDir)).toEqual(expect.arrayContaining(['encryption.key', 'postgres']));
        expect(existsSync(path.join(clone.project, 'data'))).toBe(false);
      } finally {
        await clone.remove();
        await rm(systemState ?? SYSTEM_DIRECTORY, { recursive: true, force: true });
      }
    },
  );
});
