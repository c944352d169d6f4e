import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SignalKeyStore } from '@whiskeysockets/baileys';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { SessionStore } from '../../src/whatsapp/session-store/session-store.js';
import { SessionStoreStage } from './session-store-stage.js';
import { fencedWrites } from '../support/test-ownership.js';

const PEER = '200000000000001.0';
/** PostgreSQL has no such text, so that a batch with this id fails as a whole. */
const IMPOSSIBLE_ID = 'peer\0';

const box = new SecretBox([randomBytes(32)]);
let stage: SessionStoreStage;
let instanceId: string;
let keys: SignalKeyStore;

beforeAll(async () => {
  stage = await SessionStoreStage.open();
});
afterAll(() => stage.close());

beforeEach(async () => {
  instanceId = await stage.newInstance();
  keys = new SessionStore(stage.database, box, fencedWrites(stage.database)).keysOf(instanceId);
  stage.statements.length = 0;
});

const session = (text: string): Buffer => Buffer.from(text);
const read = async (): Promise<Uint8Array | undefined> => (await keys.get('session', [PEER]))[PEER];

describe('the cache of Signal sessions', () => {
  it('spares the database once a write has succeeded', async () => {
    await keys.set({ session: { [PEER]: session('first') } });
    stage.statements.length = 0;
    expect(await read()).toEqual(session('first'));
    expect(stage.statements).toEqual([]);
  });

  it('gives out copies, which a reader may change', async () => {
    await keys.set({ session: { [PEER]: session('first') } });
    const { [PEER]: mine } = await keys.get('session', [PEER]);
    mine?.fill(0);
    expect(await read()).toEqual(session('first'));
  });

  it('never has a value that the database does not have', async () => {
    await keys.set({ session: { [PEER]: session('first') } });
    await expect(
      keys.set({ session: { [PEER]: session('phantom'), [IMPOSSIBLE_ID]: session('x') } }),
    ).rejects.toThrow();
    stage.statements.length = 0;
    expect(await read()).toEqual(session('first'));
    expect(stage.statements).toHaveLength(1);
  });

  it('has no value while its row is being written', async () => {
    await keys.set({ session: { [PEER]: session('first') } });
    const write = keys.set({ session: { [PEER]: session('second') } });
    stage.statements.length = 0;
    const [value] = await Promise.all([read(), write]);
    expect([session('first'), session('second')]).toContainEqual(value);
    expect(stage.statements.some((statement) => statement.startsWith('SELECT'))).toBe(true);
    expect(await read()).toEqual(session('second'));
  });

  it('is not filled by writes of one key that overlap', async () => {
    const texts = ['one', 'two', 'three'];
    await Promise.all(texts.map(async (text) => keys.set({ session: { [PEER]: session(text) } })));
    stage.statements.length = 0;
    const value = await read();
    expect(stage.statements).toHaveLength(1);
    expect(texts.map(session)).toContainEqual(value);
    await keys.set({ session: { [PEER]: session('later') } });
    stage.statements.length = 0;
    expect(await read()).toEqual(session('later'));
    expect(stage.statements).toEqual([]);
  });

  it('is not filled by a quick write while a slow one of the same key is still under way', async () => {
    await keys.set({ session: { held: session('x') } });
    const holder = stage.database.createQueryRunner();
    await holder.startTransaction();
    await holder.query(`SELECT 1 FROM session_keys WHERE instance_id = $1 FOR UPDATE`, [instanceId]);
    const slow = keys.set({ session: { held: session('y'), [PEER]: session('slow') } });
    await keys.set({ session: { [PEER]: session('quick') } });
    await keys.set({ session: { [PEER]: session('quicker') } });
    await holder.commitTransaction();
    await holder.release();
    await slow;
    const inDatabase = await new SessionStore(stage.database, box, fencedWrites(stage.database))
      .keysOf(instanceId)
      .get('session', [PEER]);
    expect(inDatabase).toEqual({ [PEER]: session('slow') });
    expect(await read()).toEqual(session('slow'));
  });
});

describe('the cache of trust tokens', () => {
  const readToken = async () => (await keys.get('tctoken', [PEER]))[PEER];
  const token = (text: string) => ({ token: Buffer.from(text), timestamp: '1' });

  it('remembers that there is none until there is one', async () => {
    expect(await readToken()).toBeUndefined();
    stage.statements.length = 0;
    expect(await readToken()).toBeUndefined();
    expect(stage.statements).toEqual([]);
    await keys.set({ tctoken: { [PEER]: token('first') } });
    expect(await readToken()).toEqual(token('first'));
  });

  it('remembers nothing that was read while somebody wrote', async () => {
    await keys.set({ tctoken: { [PEER]: token('first') } });
    for (let round = 0; round < 20; round += 1) {
      const write = keys.set({ tctoken: { [PEER]: token(`round ${round}`) } });
      await Promise.all([readToken(), write, readToken()]);
      expect(await readToken()).toEqual(token(`round ${round}`));
    }
  });

  it('forgets with the session', async () => {
    const store = new SessionStore(stage.database, box, fencedWrites(stage.database));
    const mine = store.keysOf(instanceId);
    await mine.set({ tctoken: { [PEER]: token('first') } });
    await store.wipe(instanceId);
    expect(await store.keysOf(instanceId).get('tctoken', [PEER])).toEqual({});
  });

  it('does not remember Signal sessions that were only read', async () => {
    await keys.set({ session: { [PEER]: session('first') } });
    const other = new SessionStore(stage.database, box, fencedWrites(stage.database)).keysOf(instanceId);
    await other.get('session', [PEER]);
    await keys.set({ session: { [PEER]: session('second') } });
    expect(await other.get('session', [PEER])).toEqual({ [PEER]: session('second') });
  });
});
