import { randomBytes } from 'node:crypto';
import { initAuthCreds, type SignalKeyStore } from '@whiskeysockets/baileys';
import type { DataSource } from 'typeorm';
import type { Call } from '../../src/calls/call.entity.js';
import { CallSlotsRepository } from '../../src/calls/call-slots.repository.js';
import { CallsRepository } from '../../src/calls/calls.repository.js';
import { IncomingCallsRepository } from '../../src/calls/incoming-calls.repository.js';
import { FencedWrites } from '../../src/cluster/fenced-writes.js';
import { OwnershipLost } from '../../src/cluster/ownership.errors.js';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { instanceNews } from '../../src/instances/instance-event.js';
import { InstanceStatusRepository } from '../../src/instances/instance-status.repository.js';
import { SessionStore } from '../../src/whatsapp/session-store/session-store.js';
import { TestOwnership } from '../support/test-ownership.js';
import { CallsStage, incomingCall, later, OPEN, start } from './calls-stage.js';
import { openTestDatabase } from './instances-stage.js';

const ADMISSION = '00000000-0000-4000-8000-00000000000a';
const ANOTHER_NODE = '00000000-0000-4000-8000-00000000000f';

/** Everything that a process writes for an instance, with an instance that has a bit of everything. */
class Scene {
  readonly ownership = new TestOwnership();
  private readonly writes: FencedWrites;
  readonly store: SessionStore;
  readonly calls: CallsRepository;
  readonly slots: CallSlotsRepository;
  readonly incoming: IncomingCallsRepository;
  readonly statuses: InstanceStatusRepository;

  private constructor(
    dataSource: DataSource,
    readonly stage: CallsStage,
    readonly placed: Call,
    readonly preparing: Call,
  ) {
    this.writes = new FencedWrites(dataSource, this.ownership);
    this.store = new SessionStore(dataSource, new SecretBox([randomBytes(32)]), this.writes);
    this.calls = new CallsRepository(dataSource, this.writes);
    this.slots = new CallSlotsRepository(dataSource, this.writes);
    this.incoming = new IncomingCallsRepository(dataSource, this.writes);
    this.statuses = new InstanceStatusRepository(dataSource, this.writes);
  }

  static async on(dataSource: DataSource): Promise<Scene> {
    const stage = await CallsStage.on(dataSource);
    const scene = new Scene(
      dataSource,
      stage,
      await stage.placed(),
      await stage.admitted({ admission: ADMISSION }),
    );
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

const event = (instanceId: string) => ({ instanceId, ...instanceNews(start, { state: 'disconnected' }) });

const WRITES: Readonly<Record<string, (scene: Scene) => Promise<unknown>>> = {
  'saves credentials': ({ store, id }) => store.saveCredentials(id, initAuthCreds()),
  'unlinks the credentials': ({ store, id }) => store.unlink(id),
  'wipes a session': ({ store, id }) => store.wipe(id),
  'saves a back-off': ({ store, id }) => store.saveBackoff(id, { attempt: 7, notBefore: start }),
  'writes a key': async ({ keys }) => keys.set({ session: { other: Buffer.from([2]) } }),
  'changes a key': async ({ keys }) => keys.set({ session: { peer: Buffer.from([2]) } }),
  'deletes a key': async ({ keys }) => keys.set({ session: { peer: null } }),
  'lets a call in': ({ slots, stage }) => slots.admit(stage.request(), OPEN, () => undefined),
  'stores a ring': ({ calls, preparing, placed }) => {
    const ring = { callId: `00${'B'.repeat(30)}`, creator: '1:2@lid', devices: [], offerStanzaId: 'b' };
    return calls.attachRing(preparing, { number: placed.number, jid: '7@lid', ring, hangUpAt: start });
  },
  'moves a call, with its event': ({ calls, placed, id }) =>
    calls.change(placed, { state: 'calling', acceptedAt: start }, event(id)),
  'brings a hang-up forward': ({ calls, placed }) => calls.bringForward(placed, later(-60)),
  'forgets a call': ({ calls, preparing }) => calls.remove(preparing),
  'takes an admission back': ({ calls, id }) => calls.withdraw(id, ADMISSION),
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
    const tables = ['session_credentials', 'session_keys', 'calls', 'event_outbox'];
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
      instanceNews(start, { state: 'disconnected' }),
    );
    expect(offline).toEqual([]);
    expect(await rows()).toBe(before);
  });

  it('was let through when its write had begun: the takeover waits for it', async () => {
    const writer = dataSource.createQueryRunner();
    await writer.startTransaction();
    const done: string[] = [];
    try {
      await new FencedWrites(dataSource, scene.ownership).run(
        scene.id,
        { change: 'SELECT 1 AS done FROM fence', values: [], event: event(scene.id) },
        { manager: writer.manager },
      );
      const taken = takeOver().then(() => done.push('taken over'));
      await new Promise((resolve) => setTimeout(resolve, 300));
      done.push('written');
      await writer.commitTransaction();
      await taken;
    } finally {
      await writer.release();
    }
    expect(done).toEqual(['written', 'taken over']);
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
