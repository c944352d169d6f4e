import { randomBytes } from 'node:crypto';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { SessionStore } from '../../src/whatsapp/session-store/session-store.js';
import { SessionStoreStage } from './session-store-stage.js';
import { fencedWrites } from '../support/test-ownership.js';

const KEY_PAIR = { public: Buffer.alloc(32, 1), private: Buffer.alloc(32, 2) };

describe('forgetting the keys of a session', () => {
  let stage: SessionStoreStage;
  let store: SessionStore;
  let instanceId: string;

  beforeAll(async () => {
    stage = await SessionStoreStage.open();
    store = new SessionStore(stage.database, new SecretBox([randomBytes(32)]), fencedWrites(stage.database));
  });

  beforeEach(async () => {
    instanceId = await stage.newInstance();
  });

  afterAll(async () => {
    await stage.close();
  });

  const storedKeys = async (): Promise<string[]> => {
    const rows = await stage.database.query<{ key_id: string }[]>(
      'SELECT key_id FROM session_keys WHERE instance_id = $1',
      [instanceId],
    );
    return rows.map(({ key_id }) => key_id);
  };

  it('takes along what is being written at that moment', async () => {
    const keys = store.keysOf(instanceId);
    const preKeys = Object.fromEntries(Array.from({ length: 812 }, (_, id) => [String(id + 1), KEY_PAIR]));

    const writing = keys.set({ 'pre-key': preKeys });
    await store.wipe(instanceId);
    await writing;

    expect(await storedKeys()).toEqual([]);
  });

  it('leaves a socket of before nothing to write to, and does not hinder the next one', async () => {
    const before = store.keysOf(instanceId);
    await store.wipe(instanceId);
    const after = store.keysOf(instanceId);

    await before.set({ 'pre-key': { late: KEY_PAIR } });
    await after.set({ 'pre-key': { fresh: KEY_PAIR } });

    expect(await storedKeys()).toEqual(['fresh']);
    expect(await after.get('pre-key', ['fresh', 'late'])).toEqual({ fresh: KEY_PAIR });
  });
});
