import type { DataSource } from 'typeorm';
import { InstanceStateChanged } from '../../src/instances/instance-state-changed.event.js';
import { RestrictionExpiry } from '../../src/instances/restriction-expiry.js';
import { ManualClock } from '../support/manual-clock.js';
import { SilentLog } from '../support/silent-log.js';
import { keepEvents, keptEvents } from './events-stage.js';
import { draft, newAccount, openTestDatabase, setUpInstances } from './instances-stage.js';

const HOUR_MS = 3_600_000;

let dataSource: DataSource;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

afterEach(async () => {
  await dataSource.query('TRUNCATE instances CASCADE');
});

afterAll(() => dataSource.destroy());

/** A process with its clock and one instance. */
async function open() {
  const { events, gateway, instances, states, statuses } = setUpInstances(dataSource);
  const clock = new ManualClock();
  const caller = await newAccount(dataSource);
  const { instance } = await instances.create(caller, draft('shop'));
  await keepEvents(dataSource, instance.id);
  const lifted: string[] = [];
  events.on(InstanceStateChanged, ({ signal }) => {
    if (signal.type === 'unrestricted') lifted.push(signal.instanceId);
  });
  const log = new SilentLog();
  const process = () => new RestrictionExpiry(statuses, events, clock, log);
  const restrict = async (ms: number) => {
    const until = new Date(clock.now().getTime() + ms);
    gateway.tell(instance.id, { type: 'restricted', until, contactsFrom: clock.now() });
    await states.idle();
  };
  const row = () => statuses.findWhole(instance.id);
  return { clock, log, caller, instance, lifted, process, restrict, row };
}

async function eventsOf(instanceId: string): Promise<unknown[]> {
  return (await keptEvents(dataSource, instanceId)).map(({ state }) => state);
}

/** Lets time pass until the work that it starts in the database is done. */
async function passing(clock: ManualClock, ms: number, isDone: () => Promise<boolean>): Promise<void> {
  await clock.advance(ms);
  const deadline = Date.now() + 10_000;
  while (!(await isDone())) {
    if (Date.now() > deadline) throw new Error('nothing happened');
    await clock.advance(0);
  }
}

describe('a restriction', () => {
  it('is lifted when its time is over, and that is reported once', async () => {
    const { clock, instance, lifted, process, restrict, row } = await open();
    const expiry = process();
    expiry.onModuleInit();
    await expiry.onApplicationBootstrap();
    await restrict(20_000);
    await clock.advance(19_999);
    expect(await row()).toMatchObject({ restricted: true });
    await passing(clock, 1, async () => (await row())?.restricted === false);
    await expiry.beforeApplicationShutdown();
    expect(await row()).toMatchObject({
      restricted: false,
      restrictedUntil: null,
      contactsSparedFrom: null,
    });
    expect(lifted).toEqual([instance.id]);
    expect(await eventsOf(instance.id)).toEqual(['restricted', 'unrestricted']);
  });

  it('that ended while no process ran is lifted at the next start', async () => {
    const { clock, instance, process, restrict, row } = await open();
    await restrict(HOUR_MS);
    await clock.advance(2 * HOUR_MS);
    const expiry = process();
    await expiry.onApplicationBootstrap();
    await expiry.beforeApplicationShutdown();
    expect(await row()).toMatchObject({ restricted: false });
    expect(await eventsOf(instance.id)).toEqual(['restricted', 'unrestricted']);
  });

  it('that goes on is still there after a restart', async () => {
    const { clock, process, restrict, row } = await open();
    await restrict(HOUR_MS);
    await clock.advance(HOUR_MS - 1);
    const expiry = process();
    await expiry.onApplicationBootstrap();
    await expiry.beforeApplicationShutdown();
    expect(await row()).toMatchObject({ restricted: true });
  });

  it('is lifted by one of several processes, with one line in the log', async () => {
    const { clock, log, caller, instance, process, restrict } = await open();
    await restrict(1_000);
    await clock.advance(1_000);
    const processes = Array.from({ length: 5 }, process);
    await Promise.all(processes.map((one) => one.onApplicationBootstrap()));
    await Promise.all(processes.map((one) => one.beforeApplicationShutdown()));
    expect(await eventsOf(instance.id)).toEqual(['restricted', 'unrestricted']);
    expect(log.lines).toEqual([
      {
        level: 'info',
        sentence: 'The state of an instance changed',
        details: {
          instanceId: instance.id,
          accountId: caller.accountId,
          instance: 'shop',
          state: 'unrestricted',
        },
      },
    ]);
  });

  it('that is prolonged is not lifted at its first end', async () => {
    const { clock, process, restrict, row } = await open();
    const expiry = process();
    expiry.onModuleInit();
    await expiry.onApplicationBootstrap();
    await restrict(1_000);
    await restrict(HOUR_MS);
    await clock.advance(1_000);
    await expiry.beforeApplicationShutdown();
    expect(await row()).toMatchObject({ restricted: true });
  });
});
