import { randomBytes } from 'node:crypto';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { KeyRotation } from '../../src/keys/key-rotation.js';
import { SEALED_COLUMNS } from '../../src/keys/sealed-columns.js';
import { SessionStore } from '../../src/whatsapp/session-store/session-store.js';
import { SessionStoreStage } from './session-store-stage.js';
import { fencedWrites } from '../support/test-ownership.js';

const OLD_KEY = randomBytes(32);
const NEW_KEY = randomBytes(32);
const UNKNOWN_KEY = randomBytes(32);
const KEYS = 120;
/** Sealed values besides the keys. */
const VALUES = 7;
/** Small, so that a few rows are many batches. */
const OPTIONS = { batchSize: 7, settleMs: 1 };

interface Row {
  readonly key: string[];
  readonly sealed: Buffer;
}

describe('the rotation of encryption keys', () => {
  let stage: SessionStoreStage;
  let instanceId: string;
  const oldBox = new SecretBox([OLD_KEY]);
  const bothBox = new SecretBox([NEW_KEY, OLD_KEY]);
  const newBox = new SecretBox([NEW_KEY]);

  beforeEach(async () => {
    stage = await SessionStoreStage.open();
    instanceId = await stage.newInstance();
  });

  afterEach(() => stage.close());

  const rowsOf = ({ table, column, key }: (typeof SEALED_COLUMNS)[number]) =>
    stage.database.query<Row[]>(
      `SELECT ARRAY[${key.map((name) => `${name}::text`).join(', ')}] AS key, ${column} AS sealed
       FROM ${table} WHERE ${column} IS NOT NULL`,
    );

  /** What every sealed value says, opened with the new key alone. */
  const opened = async () => {
    const texts: string[] = [];
    for (const column of SEALED_COLUMNS) {
      for (const { key, sealed } of await rowsOf(column)) {
        texts.push(`${column.table}.${column.column}: ${newBox.openText(sealed, column.place(key))}`);
      }
    }
    return texts.sort();
  };

  const seal = (box: SecretBox, table: string, column: string, key: string[], text: string) => {
    const place = SEALED_COLUMNS.find((one) => one.table === table && one.column === column);
    if (!place) throw new Error(`${table}.${column} is not known as sealed`);
    return box.sealText(text, place.place(key));
  };

  const fill = async () => {
    await stage.database.query('UPDATE instances SET proxy_password = $2 WHERE id = $1', [
      instanceId,
      seal(oldBox, 'instances', 'proxy_password', [instanceId], 'proxy'),
    ]);
    const key = [instanceId, 'default'];
    await stage.database.query(
      `INSERT INTO webhooks (instance_id, label, enabled, authorization_value, secret, previous_secret, url, sealed_url, headers)
       VALUES ($1, $2, true, $3, $4, $5, '', $6, $7)`,
      [
        ...key,
        seal(oldBox, 'webhooks', 'authorization_value', key, 'Bearer'),
        seal(oldBox, 'webhooks', 'secret', key, 'secret'),
        seal(oldBox, 'webhooks', 'previous_secret', key, 'before'),
        seal(oldBox, 'webhooks', 'sealed_url', key, 'https://example.com/hook'),
        seal(oldBox, 'webhooks', 'headers', key, '[]'),
      ],
    );
    await stage.database.query(
      'INSERT INTO session_credentials (instance_id, value, linked) VALUES ($1, $2, true)',
      [instanceId, seal(oldBox, 'session_credentials', 'value', [instanceId], 'creds')],
    );
    await storeKeys(new SessionStore(stage.database, oldBox, fencedWrites(stage.database)), 1);
  };

  const storeKeys = (store: SessionStore, round: number) =>
    store.keysOf(instanceId).set({
      session: Object.fromEntries(
        Array.from({ length: KEYS }, (_, index) => [`peer.${index}`, Buffer.from([round, index])]),
      ),
    });

  it('knows every sealed column of the schema', async () => {
    const columns = await stage.database.query<{ place: string }[]>(
      `SELECT table_name || '.' || column_name AS place FROM information_schema.columns
       WHERE table_schema = 'public' AND data_type = 'bytea' ORDER BY 1`,
    );
    const hashes = ['access_tokens.token_hash', 'idempotency_keys.fingerprint'];
    expect(columns.map(({ place }) => place).filter((place) => !hashes.includes(place))).toEqual(
      SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`).sort(),
    );
  });

  it('puts everything under the new key, after which the old one is not needed', async () => {
    await fill();
    const told: string[] = [];
    const rotation = new KeyRotation(stage.database, bothBox, {
      ...OPTIONS,
      onProgress: ({ table }) => told.push(table),
    });

    expect(await rotation.run()).toEqual({
      reencrypted: KEYS + VALUES,
      unreadable: 0,
      remaining: 0,
      passes: 2,
    });

    expect(told.length).toBeGreaterThan(KEYS / OPTIONS.batchSize);
    const texts = await opened();
    expect(texts).toHaveLength(KEYS + VALUES);
    expect(texts).toEqual(
      expect.arrayContaining([
        'instances.proxy_password: proxy',
        'session_credentials.value: creds',
        'webhooks.authorization_value: Bearer',
        'webhooks.headers: []',
        'webhooks.sealed_url: https://example.com/hook',
        'webhooks.previous_secret: before',
        'webhooks.secret: secret',
      ]),
    );
    const again = await new KeyRotation(stage.database, bothBox, OPTIONS).run();
    expect(again).toEqual({ reencrypted: 0, unreadable: 0, remaining: 0, passes: 1 });
  });

  it('goes on where it was stopped', async () => {
    await fill();
    const stopped = new KeyRotation(stage.database, bothBox, {
      ...OPTIONS,
      onProgress: ({ reencrypted }) => {
        if (reencrypted > KEYS / 2) throw new Error('stopped');
      },
    });
    await expect(stopped.run()).rejects.toThrow('stopped');

    const { reencrypted } = await new KeyRotation(stage.database, bothBox, OPTIONS).run();

    expect(reencrypted).toBeGreaterThan(0);
    expect(reencrypted).toBeLessThan(KEYS / 2 + VALUES);
    expect(await opened()).toHaveLength(KEYS + VALUES);
  });

  it('loses nothing that is written meanwhile', async () => {
    await fill();
    const store = new SessionStore(stage.database, bothBox, fencedWrites(stage.database));
    let round = 1;
    let running = true;
    const writer = (async () => {
      while (running) await storeKeys(store, (round += 1));
    })();

    const result = await new KeyRotation(stage.database, bothBox, { ...OPTIONS, batchSize: 2 }).run();
    running = false;
    await writer;

    expect(round).toBeGreaterThan(2);
    expect(result).toMatchObject({ unreadable: 0, remaining: 0 });
    const keys = await new SessionStore(stage.database, newBox, fencedWrites(stage.database))
      .keysOf(instanceId)
      .get('session', ['peer.0', `peer.${KEYS - 1}`]);
    expect(keys).toEqual({
      'peer.0': Buffer.from([round, 0]),
      [`peer.${KEYS - 1}`]: Buffer.from([round, KEYS - 1]),
    });
    await opened();
  });

  it('waits for nobody: a row that is locked is done in a later pass', async () => {
    await fill();
    const other = stage.database.createQueryRunner();
    await other.startTransaction();
    await other.query(`SELECT FROM session_keys WHERE key_id = 'peer.3' FOR UPDATE`);
    let released = false;
    const rotation = new KeyRotation(stage.database, bothBox, {
      ...OPTIONS,
      onProgress: ({ reencrypted }) => {
        if (reencrypted < KEYS + VALUES - 1 || released) return;
        released = true;
        void other.rollbackTransaction();
      },
    });

    expect(await rotation.run()).toMatchObject({ reencrypted: KEYS + VALUES, remaining: 0 });
    await other.release();
    expect(released).toBe(true);
  });

  it('tells of values that no key opens and leaves them as they are', async () => {
    await fill();
    const strange = seal(
      new SecretBox([UNKNOWN_KEY]),
      'session_keys',
      'value',
      [instanceId, 'session', 'peer.5'],
      'x',
    );
    await stage.database.query(`UPDATE session_keys SET value = $1 WHERE key_id = 'peer.5'`, [strange]);

    const result = await new KeyRotation(stage.database, bothBox, OPTIONS).run();

    expect(result).toMatchObject({ reencrypted: KEYS + VALUES - 1, unreadable: 1, remaining: 0 });
    const [row] = await stage.database.query<{ value: Buffer }[]>(
      `SELECT value FROM session_keys WHERE key_id = 'peer.5'`,
    );
    expect(row?.value).toEqual(strange);
  });
});
