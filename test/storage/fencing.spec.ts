import { randomBytes } from 'node:crypto';
import { initAuthCreds, type SignalKeyStore } from '@whiskeysockets/baileys';
import type { DataSource } from 'typeorm';
import type { PlacedCall } from '../../src/calls/store/call.entity.js';
import { CallsRepository } from '../../src/calls/store/calls.repository.js';
import { IncomingCallsRepository } from '../../src/calls/incoming/incoming-calls.repository.js';
import { FencedWrites } from '../../src/cluster/fenced-writes.js';
import { OwnershipLost } from '../../src/cluster/ownership.errors.js';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { instanceUpdate } from '../../src/common/events/webhook-event.js';
import { InstanceStatusRepository } from '../../src/instances/instance-status.repository.js';
import { SessionStore } from '../../src/whatsapp/session-store/session-store.js';
import { eventWriter, TestOwnership } from '../support/test-ownership.js';
import { CallsStage, incomingCall, later, start } from './calls-stage.js';
import { openTestDatabase } from './instances-stage.js';

const ANOTHER_NODE = '00000000-0000-4000-8000-00000000000f';

/** Everything that a process writes for an instance, with an instance that has a bit of everything. */
class Scene {
  readonly ownership = new TestOwnership();
  private readonly writes: FencedWrites;
  readonly store: SessionStore;
  readonly calls: CallsRepository;
  readonly incoming: IncomingCallsRepository;
  readonly statuses: InstanceStatusRepository;

  private constructor(
    dataSource: DataSource,
    readonly stage: CallsStage,
    readonly placed: PlacedCall,
    readonly other: PlacedCall,
  ) {
    this.writes = new FencedWrites(dataSource, this.ownership, eventWriter());
    this.store = new SessionStore(dataSource, new SecretBox([randomBytes(32)]), this.writes);
    this.calls = new CallsRepository(dataSource, this.writes, this.ownership);
    this.incoming = new IncomingCallsRepository(dataSource, this.writes);
    this.statuses = new InstanceStatusRepository(dataSource, this.writes, eventWriter());
  }

  static async on(dataSource: DataSource): Promise<Scene> {
    const stage = await CallsStage.on(dataSource);
    await dataSource.query(
      `INSERT INTO webhooks (instance_id, label, enabled, url) VALUES ($1, 'default', true, 'https://example.com')`,
      [stage.instanceId],
    );
    const scene = new Scene(dataSource, stage, await stage.placed(), await stage.placed());
    await scene.store.saveCredentials(stage.instanceId, initAuthCreds());
    await scene.keys.set({ session: { peer: Buffer.from([1]) } });
    await scene.statuses.move(stage.instanceId, 'disconnected', 'connected', {});
    return scene;
  }

  get id(): string {
    return this.stage.instanceId;
  }

  get keys(): SignalKeyStore {
    return this.store.keysOf(this.id);
  }
}

const event = (instanceId: string) => ({ instanceId, ...instanceUpdate(start, { state: 'disconnected' }) });

const WRITES: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  'saves credentials': ({ store, id }) => store.saveCredentials(id, initAuthCreds()),
  'unlinks the credentials': ({ store, id }) => store.unlink(id),
  'wipes a session': ({ store, id }) => store.wipe(id),
  'saves a back-off': ({ store, id }) => store.saveBackoff(id, { attempt: 7, notBefore: start }),
  'writes a key': async ({ keys }) => keys.set({ session: { other: Buffer.from([2]) } }),
  'changes a key': async ({ keys }) => keys.set({ session: { peer: Buffer.from([2]) } }),
  'deletes a key': async ({ keys }) => keys.set({ session: { peer: null } }),
  'stores a call, with its event': ({ calls, stage, id }) =>
    calls.place(stage.newCall(), stage.limits(), event(id)),
  'stores a call that was given up': ({ calls, stage }) => {
    const failure = { outcome: 'failed', failureCode: null, failureReason: 'no' } as const;
    return calls.addUnplaced({ ...stage.newCall(), ...failure, endedAt: start }, null);
  },
  'makes an offer again': ({ calls, other, id }) => {
    const ring = { callId: `00${'B'.repeat(30)}`, creator: '1:2@lid', devices: [], offerStanzaId: 'b' };
    return calls.replaceOffer(other, { number: '1', jid: '7@lid', ring, hangUpAt: start }, [event(id)]);
  },
  'moves a call, with its event': ({ calls, placed, id }) =>
    calls.change(placed, { state: 'calling', acceptedAt: start }, [event(id)]),
  'brings a hang-up forward': ({ calls, placed }) => calls.bringForward(placed, later(-60)),
  'forgets a call': ({ calls, other }) => calls.remove(other),
  'records an incoming call': ({ incoming, id }) =>
    incoming.record(event(id), incomingCall(id, { callId: 'incoming' }), undefined),
  'moves an instance, with its event': ({ statuses, id }) =>
    statuses.move(id, 'connected', 'disconnected', { lastDisconnectCode: 500 }, event(id)),
};

describe('a process that no longer holds an instance', () => {
  let dataSource: DataSource;
  let scene: Scene;

  beforeAll(async () => {
    dataSource = await openTestDatabase();
  });

  beforeEach(async () => {
    scene = await Scene.on(dataSource);
  });

  afterAll(() => dataSource.destroy());

  const takeOver = (query = (sql: string, values: unknown[]) => dataSource.query<unknown>(sql, values)) =>
    query('UPDATE session_owners SET node_id = $2, epoch = epoch + 1 WHERE instance_id = $1', [
      scene.id,
      ANOTHER_NODE,
    ]);

  /** Every row that belongs to the instance, as text. */
  const rows = async (): Promise<string> => {
    const tables = ['session_credentials', 'session_keys', 'calls', 'webhook_deliveries'];
    const parts = tables.map(
      (table) => `(SELECT json_agg(t ORDER BY t::text) FROM ${table} AS t WHERE instance_id = $1)`,
    );
    const [found] = await dataSource.query<{ rows: unknown }[]>(
      `SELECT json_build_array(${parts.join(', ')}, (SELECT row_to_json(i) FROM instances AS i WHERE id = $1)) AS rows`,
      [scene.id],
    );
    return JSON.stringify(found?.rows);
  };

  it.each(Object.entries(WRITES))('%s neither by an old epoch nor by none', async (_, write) => {
    const before = await rows();
    await takeOver();
    await expect(write(scene)).rejects.toThrow(OwnershipLost);
    expect(await rows()).toBe(before);
    expect(scene.ownership.refusals).toEqual([scene.id]);
    // From now on it knows, and does not even ask.
    await expect((async () => write(scene))()).rejects.toThrow(OwnershipLost);
    expect(scene.ownership.refusals).toEqual([scene.id]);
  });

  it.each(Object.entries(WRITES))('%s as long as it holds it', async (_, write) => {
    const before = await rows();
    await write(scene);
    expect(await rows()).not.toBe(before);
    expect(scene.ownership.refusals).toEqual([]);
  });

  it('marks nothing as offline', async () => {
    await takeOver();
    const before = await rows();
    const offline = await scene.statuses.markOffline(
      [scene.id],
      instanceUpdate(start, { state: 'disconnected' }),
    );
    expect(offline).toEqual([]);
    expect(await rows()).toBe(before);
  });

  it('was let through when its write had begun: the takeover waits for it', async () => {
    const blocker = dataSource.createQueryRunner();
    await blocker.startTransaction();
    const done: string[] = [];
    try {
      // The write has the row of the owner and waits for that of the call.
      await blocker.query('SELECT FROM calls WHERE id = $1 FOR UPDATE', [scene.placed.id]);
      const written = scene.calls
        .change(scene.placed, { state: 'calling', acceptedAt: start }, [event(scene.id)])
        .then(() => done.push('written'));
      await new Promise((resolve) => setTimeout(resolve, 200));
      const taken = takeOver().then(async () => {
        const [call] = await dataSource.query<{ state: string }[]>('SELECT state FROM calls WHERE id = $1', [
          scene.placed.id,
        ]);
        done.push(`taken over when the call was ${call?.state}`);
      });
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(done).toEqual([]);
      await blocker.commitTransaction();
      await Promise.all([written, taken]);
    } finally {
      await blocker.release();
    }
    // The two answers come on different connections, in any order.
    expect(done.sort()).toEqual(['taken over when the call was calling', 'written']);
  });

  it('is refused when its write had to wait for the takeover', async () => {
    const before = await rows();
    const taker = dataSource.createQueryRunner();
    await taker.startTransaction();
    try {
      await takeOver((sql, values) => taker.query(sql, values));
      const write = scene.calls.change(scene.placed, { state: 'calling', acceptedAt: start });
      const outcome = write.then(
        () => 'written',
        (error: unknown) => (error instanceof OwnershipLost ? 'refused' : String(error)),
      );
      await new Promise((resolve) => setTimeout(resolve, 300));
      await taker.commitTransaction();
      expect(await outcome).toBe('refused');
    } finally {
      await taker.release();
    }
    expect(await rows()).toBe(before);
  });

  it('does not read from memory what it knew in another epoch', async () => {
    const keys = scene.keys;
    await keys.set({ session: { peer: Buffer.from([3]) } });
    await takeOver();
    await dataSource.query(`DELETE FROM session_keys WHERE instance_id = $1`, [scene.id]);
    scene.ownership.epoch = '3';
    await expect(scene.keys.get('session', ['peer'])).resolves.toEqual({});
  });
});
