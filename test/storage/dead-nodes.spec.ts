import { randomBytes, randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { NodesRepository } from '../../src/cluster/nodes.repository.js';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { SystemClock } from '../../src/common/time/system-clock.js';
import { openTestDatabase } from './instances-stage.js';

/** Against it the clock of the database can be set. */
class ShiftedClock extends SystemClock {
  shiftMs = 0;

  override monotonicMs(): number {
    return super.monotonicMs() + this.shiftMs;
  }
}

let database: DataSource;
let clock: ShiftedClock;
let nodes: NodesRepository;
const me = randomUUID();
const other = randomUUID();

beforeAll(async () => {
  database = await openTestDatabase();
});

beforeEach(async () => {
  await database.query('DELETE FROM nodes');
  clock = new ShiftedClock();
  nodes = new NodesRepository(database, new SecretBox([randomBytes(32)]), clock);
  await nodes.register(me, undefined);
  await nodes.register(other, undefined);
});

afterAll(() => database.destroy());

const setHeartbeat = (id: string, secondsAgo: number) =>
  database.query(
    'UPDATE nodes SET heartbeat_at = clock_timestamp() - make_interval(secs => $2) WHERE id = $1',
    [id, secondsAgo],
  );

describe('a node', () => {
  it.each([6, -6])('is dead when its last heartbeat is %i seconds away', async (secondsAgo) => {
    expect(await nodes.removeDead(me)).toEqual([]);
    await setHeartbeat(other, secondsAgo);
    expect(await nodes.removeDead(me)).toEqual([other]);
    expect(await nodes.beat(other)).toBe(false);
  });

  it('is found dead at the first look of a process, too', async () => {
    await setHeartbeat(other, 6);
    expect(await nodes.removeDead(me)).toEqual([other]);
  });

  it('never takes itself for dead, so that a clock that is set forward ends no process that works alone', async () => {
    await setHeartbeat(me, 3_600);
    expect(await nodes.removeDead(me)).toEqual([]);
    expect(await nodes.beat(me)).toBe(true);
  });

  it.each([
    ['forward', -10_000, 6],
    ['back', 10_000, -6],
  ])(
    'is not taken for dead when the clock of the database is set %s, and is when it stays silent after that',
    async (_, shiftMs, secondsAgo) => {
      await nodes.removeDead(me);
      clock.shiftMs += shiftMs;
      await setHeartbeat(other, secondsAgo);
      expect(await nodes.removeDead(me)).toEqual([]);
      // Five seconds, in steps that look like no jump.
      for (let step = 0; step < 3; step++) {
        expect(await nodes.removeDead(me)).toEqual([]);
        clock.shiftMs += 1_700;
      }
      expect(await nodes.removeDead(me)).toEqual([other]);
    },
  );
});
