import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Curve,
  initAuthCreds,
  proto,
  type AuthenticationCreds,
  type SignalDataSet,
  type SignalKeyStore,
} from '@whiskeysockets/baileys';
import { SealBroken, SecretBox } from '../../src/common/crypto/secret-box.js';
import { SessionStore } from '../../src/whatsapp/session-store/session-store.js';
import { CredentialsCorrupt } from '../../src/whatsapp/whatsapp.errors.js';
import { SessionStoreStage } from './session-store-stage.js';
import { fencedWrites } from '../support/test-ownership.js';

const PEER = '200000000000001.0';
/** PostgreSQL has no such text, so that a batch with this id fails as a whole. */
const IMPOSSIBLE_ID = 'peer\0';

const box = new SecretBox([randomBytes(32)]);
let stage: SessionStoreStage;
let store: SessionStore;
let instanceId: string;
let keys: SignalKeyStore;

beforeAll(async () => {
  stage = await SessionStoreStage.open();
});
afterAll(() => stage.close());

beforeEach(async () => {
  store = new SessionStore(stage.database, box, fencedWrites(stage.database));
  instanceId = await stage.newInstance();
  keys = store.keysOf(instanceId);
  stage.statements.length = 0;
});

function linkedCredentials(): AuthenticationCreds {
  return {
    ...initAuthCreds(),
    me: { id: '5511987654321:7@s.whatsapp.net', lid: '100000000000001:7@lid', name: 'Ana' },
    account: { details: randomBytes(12), accountSignatureKey: randomBytes(32) },
    routingInfo: randomBytes(9),
  };
}

const session = (text: string): Buffer => Buffer.from(text);

async function rowCount(table: 'session_keys' | 'session_credentials'): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM ${table} WHERE instance_id = $1`;
  const [{ count }] = await stage.database.query<[{ count: number }]>(sql, [instanceId]);
  return count;
}

describe('the credentials of a linked phone', () => {
  it('come back as they were saved, bytes as bytes', async () => {
    const creds = linkedCredentials();
    await store.saveCredentials(instanceId, creds);
    const loaded = await new SessionStore(stage.database, box, fencedWrites(stage.database)).loadCredentials(
      instanceId,
    );
    expect(loaded).toEqual(creds);
    expect(Buffer.isBuffer(loaded?.noiseKey.private)).toBe(true);
    expect(await store.isLinked(instanceId)).toBe(true);
  });

  it('are replaced by newer ones, and the back-off stays', async () => {
    await store.saveCredentials(instanceId, linkedCredentials());
    const backoff = { attempt: 3, notBefore: new Date('2026-01-01T00:00:05.250Z') };
    await store.saveBackoff(instanceId, backoff);
    const newer = { ...linkedCredentials(), nextPreKeyId: 813 };
    await store.saveCredentials(instanceId, newer);
    expect(await store.loadCredentials(instanceId)).toEqual(newer);
    expect(await store.loadBackoff(instanceId)).toEqual(backoff);
  });

  it('are absent until a phone is linked', async () => {
    expect(await store.loadCredentials(instanceId)).toBeUndefined();
    expect(await store.isLinked(instanceId)).toBe(false);
    expect(await store.loadBackoff(instanceId)).toEqual({ attempt: 0, notBefore: null });
  });

  it('stay as evidence after unlinking, but nobody logs in with them', async () => {
    await store.saveCredentials(instanceId, linkedCredentials());
    await store.unlink(instanceId);
    expect(await store.loadCredentials(instanceId)).toBeUndefined();
    expect(await store.isLinked(instanceId)).toBe(false);
    expect(await rowCount('session_credentials')).toBe(1);
  });

  it.each([
    [
      'was damaged',
      (value: Buffer) => Buffer.concat([value.subarray(0, -1), Buffer.of((value.at(-1) ?? 0) ^ 1)]),
    ],
    [
      'was sealed with a lost key',
      () => new SecretBox([randomBytes(32)]).sealText('{}', ['credentials', instanceId]),
    ],
    ['is no set of credentials', () => box.sealText('{"me":{}}', ['credentials', instanceId])],
    ['is no JSON', () => box.sealText('', ['credentials', instanceId])],
    ['belongs to another instance', () => box.sealText('{}', ['credentials', randomUUID()])],
  ])('are reported as corrupt and left untouched when the row %s', async (_, spoil) => {
    await store.saveCredentials(instanceId, linkedCredentials());
    const sealed = async (): Promise<Buffer> => {
      const sql = 'SELECT value FROM session_credentials WHERE instance_id = $1';
      return (await stage.database.query<[{ value: Buffer }]>(sql, [instanceId]))[0].value;
    };
    const spoilt = spoil(await sealed());
    await stage.database.query('UPDATE session_credentials SET value = $2 WHERE instance_id = $1', [
      instanceId,
      spoilt,
    ]);
    await expect(store.loadCredentials(instanceId)).rejects.toBeInstanceOf(CredentialsCorrupt);
    expect(await sealed()).toEqual(spoilt);
    expect(await store.isLinked(instanceId)).toBe(true);
  });
});

const VALUES: Required<{ [T in keyof SignalDataSet]: NonNullable<SignalDataSet[T]>[string] }> = {
  'pre-key': Curve.generateKeyPair(),
  session: randomBytes(80),
  'sender-key': randomBytes(80),
  'sender-key-memory': { '1@lid': true, '2@lid': false },
  'app-state-sync-key': proto.Message.AppStateSyncKeyData.fromObject({
    keyData: randomBytes(32),
    fingerprint: { rawId: 7, currentIndex: 2, deviceIndexes: [0, 12] },
    timestamp: 1_767_225_600_000,
  }),
  'app-state-sync-version': {
    version: 4,
    hash: randomBytes(16),
    indexValueMap: { a: { valueMac: randomBytes(8) } },
  },
  'lid-mapping': '200000000000001',
  'device-list': ['0', '12'],
  tctoken: { token: randomBytes(16), timestamp: '1767225600', senderTimestamp: 1_767_225_601 },
  'identity-key': randomBytes(33),
};
const TYPES = Object.keys(VALUES) as (keyof SignalDataSet)[];

describe('a Signal key', () => {
  it.each(TYPES)('of the type %s comes back as it was written', async (type) => {
    await keys.set({ [type]: { one: VALUES[type], two: VALUES[type] } });
    for (const reader of [
      keys,
      new SessionStore(stage.database, box, fencedWrites(stage.database)).keysOf(instanceId),
    ]) {
      expect(await reader.get(type, ['one', 'two', 'three'])).toEqual({
        one: VALUES[type],
        two: VALUES[type],
      });
    }
  });

  it('of the application state is a protobuf message again, bytes as bytes', async () => {
    await keys.set({ 'app-state-sync-key': { one: VALUES['app-state-sync-key'] } });
    const { one } = await keys.get('app-state-sync-key', ['one']);
    expect(one).toBeInstanceOf(proto.Message.AppStateSyncKeyData);
    expect(Buffer.from(one?.keyData ?? [])).toEqual(VALUES['app-state-sync-key']?.keyData);
  });

  it('belongs to one instance', async () => {
    await keys.set({ session: { [PEER]: session('mine') } });
    const other = store.keysOf(await stage.newInstance());
    expect(await other.get('session', [PEER])).toEqual({});
  });

  it('never stands readable in the table, in whatever spelling', async () => {
    const secret = randomBytes(32);
    await keys.set({ session: { [PEER]: secret }, 'pre-key': { 1: { public: secret, private: secret } } });
    await store.saveCredentials(instanceId, {
      ...linkedCredentials(),
      advSecretKey: secret.toString('base64'),
    });
    const rows = await stage.database.query<{ value: Buffer }[]>(
      `SELECT value FROM session_keys WHERE instance_id = $1
       UNION ALL SELECT value FROM session_credentials WHERE instance_id = $1`,
      [instanceId],
    );
    expect(rows).toHaveLength(3);
    for (const { value } of rows) {
      for (const spelling of [secret, secret.toString('base64'), secret.toString('hex'), 'private', 'Ana']) {
        expect(value.includes(spelling)).toBe(false);
      }
    }
  });

  it.each([
    ['another key id', `UPDATE session_keys SET key_id = 'moved' WHERE instance_id = $1`],
    [
      'another type',
      `UPDATE session_keys SET type = 'identity-key', key_id = 'moved' WHERE instance_id = $1`,
    ],
    ['another instance', `UPDATE session_keys SET key_id = 'moved', instance_id = $2 WHERE instance_id = $1`],
  ])('does not open in a row that was copied to %s', async (_, move) => {
    const other = await stage.newInstance();
    await keys.set({ session: { moved: session('mine'), [PEER]: session('mine') } });
    await stage.database.query(`DELETE FROM session_keys WHERE instance_id = $1 AND key_id = 'moved'`, [
      instanceId,
    ]);
    await stage.database.query(move, move.includes('$2') ? [instanceId, other] : [instanceId]);
    const thief = new SessionStore(stage.database, box, fencedWrites(stage.database)).keysOf(
      move.includes('$2') ? other : instanceId,
    );
    const type = move.includes('identity-key') ? 'identity-key' : 'session';
    await expect(thief.get(type, ['moved'])).rejects.toBeInstanceOf(SealBroken);
  });
});

describe('a batch of keys', () => {
  it('of 812 pre-keys is one statement, and so is its reading', async () => {
    const pair = Curve.generateKeyPair();
    const ids = Array.from({ length: 812 }, (_, index) => String(index + 1));
    await keys.set({ 'pre-key': Object.fromEntries(ids.map((id) => [id, pair])) });
    expect(stage.statements).toHaveLength(1);
    expect(Object.keys(await keys.get('pre-key', ids))).toHaveLength(812);
    expect(stage.statements).toHaveLength(2);
    expect(await rowCount('session_keys')).toBe(812);
  });

  it('deletes, inserts and replaces in one statement', async () => {
    await keys.set({ session: { old: session('old'), [PEER]: session('first') }, 'lid-mapping': { a: '1' } });
    stage.statements.length = 0;
    await keys.set({
      session: { old: null, [PEER]: session('second'), fresh: session('new'), missing: null },
      'lid-mapping': { a: null },
    });
    expect(stage.statements).toHaveLength(1);
    expect(await keys.get('session', ['old', PEER, 'fresh', 'missing'])).toEqual({
      [PEER]: session('second'),
      fresh: session('new'),
    });
    expect(await keys.get('lid-mapping', ['a'])).toEqual({});
  });

  it('without a key asks nothing of the database', async () => {
    await keys.set({});
    await keys.set({ session: {} });
    expect(await keys.get('session', [])).toEqual({});
    expect(stage.statements).toEqual([]);
  });

  it('is written as a whole or not at all', async () => {
    const batch = { session: { [PEER]: session('new'), [IMPOSSIBLE_ID]: session('x') } };
    await expect(keys.set(batch)).rejects.toThrow();
    expect(await rowCount('session_keys')).toBe(0);
  });
});

describe('forgetting a session', () => {
  it('removes credentials, keys, back-off and what is cached, of this instance only', async () => {
    const otherId = await stage.newInstance();
    for (const id of [instanceId, otherId]) {
      await store.saveCredentials(id, linkedCredentials());
      await store.keysOf(id).set({ session: { [PEER]: session('first') }, 'lid-mapping': { a: '1' } });
    }
    await store.saveBackoff(instanceId, { attempt: 5, notBefore: new Date() });
    await store.wipe(instanceId);
    expect([await rowCount('session_keys'), await rowCount('session_credentials')]).toEqual([0, 0]);
    expect(await keys.get('session', [PEER])).toEqual({});
    expect(await store.loadBackoff(instanceId)).toEqual({ attempt: 0, notBefore: null });
    expect(await store.isLinked(otherId)).toBe(true);
    expect(await store.keysOf(otherId).get('session', [PEER])).toEqual({ [PEER]: session('first') });
  });
});
