import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createDatabase, runSql } from '../support/postgres.js';
import { ProductDidNotStart, spawnProduct, type SpawnedProduct } from '../support/spawn-product.js';

async function failedStart(env: Record<string, string>): Promise<ProductDidNotStart> {
  try {
    await (await spawnProduct({ env })).kill();
  } catch (error) {
    if (error instanceof ProductDidNotStart) return error;
    throw error;
  }
  throw new Error('the product started');
}

describe('the process', () => {
  let dataDir: string;
  let product: SpawnedProduct | undefined;
  const start = async (env: Record<string, string> = {}) => {
    product = await spawnProduct({
      env: { DATA_DIR: dataDir, WHATSAPP_WEB_VERSION_REFRESH: 'false', ...env },
    });
    return product;
  };
  const statusOf = async ({ url }: SpawnedProduct, token: string) =>
    (await fetch(`${url}/api/instance/list`, { headers: { token } })).status;

  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'ringdrop-process-'));
    await chmod(dataDir, 0o755);
  });

  afterEach(async () => {
    await product?.stop();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('needs nothing but a directory, and tells a newcomer what to do', async () => {
    const first = await start();
    expect(first.accountToken).toMatch(/^rda_/);
    expect(first.stdout()).toContain(`Docs: ${first.url}/docs`);
    expect(first.stdout().match(/^ {2}curl .*$/gm)).toHaveLength(3);
    expect(await statusOf(first, first.accountToken)).toBe(200);
    expect((await stat(path.join(dataDir, 'encryption.key'))).mode & 0o777).toBe(0o600);
    expect(await first.stop()).toBe(0);

    const second = await start();
    expect(second.accountToken).toBe('');
    expect(await statusOf(second, first.accountToken)).toBe(200);
  });

  it('starts again after it was killed', async () => {
    const first = await start();
    await first.kill();
    const second = await start();
    expect(await statusOf(second, first.accountToken)).toBe(200);
    expect(await second.stop()).toBe(0);
  });

  it('may be started twice at once on a new database: one makes the first account, and only one of the two goes on', async () => {
    const env = {
      DATABASE_URL: await createDatabase(process.env['TEST_DATABASE_URL'] ?? ''),
      ENCRYPTION_KEY: randomBytes(32).toString('hex'),
    };
    const both = await Promise.all([spawnProduct({ env }), spawnProduct({ env })]);
    const tokens = both.map(({ accountToken }) => accountToken).filter((token) => token !== '');
    expect(tokens).toHaveLength(1);
    const [first, second] = both;
    const loser = await Promise.race(both.map((one) => one.ended().then(() => one)));
    const winner = loser === first ? second : first;
    expect(await loser.ended()).toBe(1);
    expect(await statusOf(winner, tokens[0] ?? '')).toBe(200);
    expect(await winner.stop()).toBe(0);
  });

  it('ends in time although a client keeps its connection busy', async () => {
    const running = await start();
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    // The connection is known to the server now, and this request never ends.
    socket.write('POST /api/instance/new HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
    const cut = once(socket, 'close');
    const began = Date.now();
    expect(await running.stop()).toBe(0);
    expect(Date.now() - began).toBeLessThan(8000);
    await cut;
  });

  it('says in one line that its port is taken, before it touches anything', async () => {
    const running = await start();
    const { port } = new URL(running.url);
    const untouched = path.join(dataDir, 'other');
    const failed = await failedStart({ PORT: port, DATA_DIR: untouched });
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toBe(
      `Ringdrop cannot listen: 127.0.0.1:${port} is already in use. Set PORT and HOST.\n`,
    );
    await expect(stat(untouched)).rejects.toThrow('ENOENT');
  });

  it('names all wrong settings at once, without a stack and without their values', async () => {
    const failed = await failedStart({
      PORT: 'x',
      ADMIN_TOKEN: 'short-secret',
      DATABASE_URL: 'mysql://secret@db',
    });
    expect(failed.exitCode).toBe(1);
    expect(failed.stdout).toBe('');
    expect(failed.stderr.split('\n').filter((line) => line.startsWith('  - '))).toHaveLength(3);
    expect(failed.stderr).not.toMatch(/secret|\n\s+at /);
  });

  it('does not make a new key for an old database', async () => {
    await (await start()).stop();
    await rm(path.join(dataDir, 'encryption.key'));
    const failed = await failedStart({ DATA_DIR: dataDir });
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain('encryption.key is missing');
    await expect(readFile(path.join(dataDir, 'encryption.key'))).rejects.toThrow('ENOENT');
    product = undefined;
  });

  it('ends with an error, so that a supervisor can start it again, when its database is removed', async () => {
    const running = await start();
    const clusterDir = path.join(dataDir, 'postgres');
    const [pid] = (await readFile(path.join(clusterDir, 'postmaster.pid'), 'utf8')).split('\n');
    await rm(clusterDir, { recursive: true });
    process.kill(Number(pid), 'SIGKILL');
    expect(await running.ended()).toBe(1);
    expect(running.stderr()).toBe(
      `The database in ${clusterDir} was removed while Ringdrop worked with it. Restore a backup, or start again with an empty database.\n`,
    );
    expect(running.stdout()).toContain('This process can do nothing any more and ends');
    product = undefined;
  });

  it('refuses a database that a newer release has changed, in one sentence that names the change', async () => {
    const env = {
      DATABASE_URL: await createDatabase(process.env['TEST_DATABASE_URL'] ?? ''),
      ENCRYPTION_KEY: randomBytes(32).toString('hex'),
    };
    await (await start(env)).stop();
    await runSql(
      env.DATABASE_URL,
      `INSERT INTO typeorm_migrations (timestamp, name) VALUES (9000000000001, 'Rings9000000000001')`,
    );
    const failed = await failedStart(env);
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toMatch(/^A newer release of Ringdrop .*\(Rings9000000000001\)\. .*backup.*\.\n$/);
    product = undefined;
  });

  it('never writes a token to its log', async () => {
    const running = await start({ LOG_LEVEL: 'trace' });
    await statusOf(running, running.accountToken);
    await statusOf(running, 'rda_unknown-token');
    const logged = running
      .stdout()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .join('\n');
    expect(logged).not.toContain(running.accountToken);
    expect(logged).not.toContain('rda_unknown-token');
  });
});
