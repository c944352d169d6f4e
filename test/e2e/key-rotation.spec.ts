import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { runSql } from '../support/postgres.js';
import { Stage } from '../support/stage.js';

const CALLER = '5511988880701';
const CALLEE = '5511999990701';

interface Rotation {
  readonly exitCode: number;
  readonly output: string;
  /** The last line of the output. */
  readonly result: Record<string, unknown>;
}

describe('the encryption key', () => {
  let stage: Stage;
  const oldKey = randomBytes(32).toString('hex');
  const newKey = randomBytes(32).toString('hex');
  const both = { ENCRYPTION_KEY: newKey, ENCRYPTION_KEYS_OLD: oldKey };

  beforeAll(async () => {
    stage = await Stage.open({ ENCRYPTION_KEY: oldKey });
    stage.simulator.addContact({ number: CALLEE });
    await stage.linkedInstance('shop', CALLER);
    await stage.post('/api/instance/proxy/shop', {
      enabled: false,
      host: 'proxy.example.com',
      port: 8080,
      protocol: 'http',
      username: 'ana',
      password: 'proxy-password',
    });
  });

  afterAll(() => stage.close());

  const rotate = (env: Record<string, string>): Promise<Rotation> => {
    const main = process.env['PRODUCT_MAIN'] ?? path.resolve('dist/src/main.js');
    const script = path.join(path.dirname(main), 'keys/rotate-keys.js');
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        [script],
        { env: { PATH: process.env['PATH'], DATABASE_URL: stage.databaseUrl, ...env } },
        (error, stdout, stderr) => {
          const lines = stdout.trim().split('\n');
          resolve({
            exitCode: error ? 1 : 0,
            output: stdout + stderr,
            result: JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>,
          });
        },
      );
    });
  };

  const ring = async () => {
    const { body } = await stage.call('shop', { number: CALLEE, duration: 1 });
    return stage.endedCall('shop', String(body.callId));
  };

  it('is not replaced without both keys, nor beside a product that knows only the old one', async () => {
    const alone = await rotate({ ENCRYPTION_KEY: newKey });
    expect(alone).toMatchObject({ exitCode: 1, result: { ok: false } });
    expect(alone.output).toContain('ENCRYPTION_KEYS_OLD');
    const beside = await rotate(both);
    expect(beside).toMatchObject({ exitCode: 1, result: { ok: false } });
    expect(beside.output).toContain('A product that seals with another key uses this database');
    expect(await ring()).toMatchObject({ outcome: 'completed' });
  });

  it('is not replaced in a database that a newer release has changed', async () => {
    const name = 'Rings9000000000001';
    await runSql(
      stage.databaseUrl,
      `INSERT INTO typeorm_migrations (timestamp, name) VALUES (9000000000001, '${name}')`,
    );
    const newer = await rotate(both);
    await runSql(stage.databaseUrl, `DELETE FROM typeorm_migrations WHERE name = '${name}'`);
    expect(newer).toMatchObject({ exitCode: 1, result: { ok: false } });
    expect(newer.output).toMatch(/^A newer release of Ringdrop .*\(Rings9000000000001\)/);
  });

  it('is replaced while the product makes calls; afterwards the old one is not needed', async () => {
    await stage.product.stop();
    await stage.restart(both);
    await stage.untilStatus('shop', 'connected');

    const [call, rotation] = await Promise.all([ring(), rotate(both)]);

    expect(rotation).toMatchObject({ exitCode: 0, result: { unreadable: 0, remaining: 0, ok: true } });
    expect(rotation.result.reencrypted).toBeGreaterThan(800);
    expect(rotation.output).not.toContain(oldKey);
    expect(rotation.output).not.toContain(newKey);
    expect(call).toMatchObject({ outcome: 'completed' });

    await stage.product.stop();
    await stage.restart({ ENCRYPTION_KEY: newKey });
    await stage.untilStatus('shop', 'connected');
    expect(await ring()).toMatchObject({ outcome: 'completed' });
    expect(stage.simulator.violations).toEqual([]);
  });
});
