import type { DataSource } from 'typeorm';
import type { TenantCaller } from '../../src/common/http/caller.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import { AccountEntity } from '../../src/accounts/account.entity.js';
import type { InstanceStatus } from '../../src/instances/instance-state.js';
import { CallMetrics } from '../../src/metrics/call-metrics.js';
import { MetricsRegistry } from '../../src/metrics/metrics-registry.js';
import { SessionMetrics } from '../../src/metrics/session-metrics.js';
import { ManualClock } from '../support/manual-clock.js';
import { SilentLog } from '../support/silent-log.js';
import { draft, newAccount, openTestDatabase, setUpInstances, storeCredentials } from './instances-stage.js';

const ENDED_CALLS = 20_000;

let dataSource: DataSource;

beforeAll(async () => {
  dataSource = await openTestDatabase();
});

afterAll(() => dataSource.destroy());

/** The metrics of a process that has just started, and the statements that they ask. */
function measure() {
  const asked: string[] = [];
  const log = new SilentLog();
  const events = new EventBus(log);
  const metrics = new MetricsRegistry();
  const noted = {
    query: (sql: string) => {
      asked.push(sql);
      return dataSource.query(sql);
    },
  } as unknown as DataSource;
  new SessionMetrics(metrics, events, noted, new ManualClock(), log).onModuleInit();
  new CallMetrics(metrics, events, noted, new ManualClock(), log).onModuleInit();
  const samples = async (name: string): Promise<Record<string, number>> => {
    const lines = (await metrics.text()).split('\n').filter((line) => new RegExp(`^${name}[ {]`).test(line));
    return Object.fromEntries(
      lines.map((line) => [/state="(\w+)"/.exec(line)?.[1] ?? '', Number(line.split(' ').at(-1))]),
    );
  };
  return { asked, log, samples };
}

describe('the figures of the whole installation', () => {
  it('have each instance once, and keep those that nobody linked apart from those that are lost', async () => {
    const { instances } = setUpInstances(dataSource);
    const [enabled, disabled] = [await newAccount(dataSource), await newAccount(dataSource)];
    await dataSource.getRepository(AccountEntity).update({ id: disabled.accountId }, { enabled: false });
    let count = 0;
    const add = async (
      caller: TenantCaller,
      status: InstanceStatus,
      { link, number, restricted = false }: { link?: boolean; number?: boolean; restricted?: boolean } = {},
    ) => {
      const { instance } = await instances.create(caller, draft(`i${(count += 1)}`));
      await dataSource.query(
        'UPDATE instances SET status = $2, number_jid = $3, restricted = $4 WHERE id = $1',
        [instance.id, status, number ? '5511999999999@s.whatsapp.net' : null, restricted],
      );
      if (link !== undefined) await storeCredentials(dataSource, instance.id, link);
    };
    const linked = { link: true, number: true };
    await add(enabled, 'connected', linked);
    await add(enabled, 'connected', { ...linked, restricted: true });
    await add(enabled, 'connecting', linked);
    // Lost: its phone is linked, and it ought to be open.
    await add(enabled, 'disconnected', { ...linked, restricted: true });
    await add(enabled, 'disconnected', linked);
    await add(enabled, 'disconnected', linked);
    // Just made, and a link that nobody completed.
    for (const link of [undefined, undefined, undefined, false]) await add(enabled, 'disconnected', { link });
    await add(disabled, 'disconnected');
    await add(enabled, 'connecting');
    await add(enabled, 'connecting', { link: false });
    // Blocked accounts keep their credentials.
    await add(enabled, 'loggedout', linked);
    await add(enabled, 'loggedout', { number: true });
    // Somebody wanted to link it again and did not.
    await add(enabled, 'disconnected', { number: true });
    await add(disabled, 'disconnected', linked);

    const { samples, log } = measure();
    const states = await samples('ringdrop_sessions');
    expect(states).toEqual({
      connected: 2,
      connecting: 1,
      disconnected: 3,
      account_disabled: 1,
      never_linked: 5,
      linking: 2,
      loggedout: 3,
    });
    expect(Object.values(states).reduce((sum, one) => sum + one)).toBe(count);
    expect(await samples('ringdrop_instances_restricted')).toEqual({ '': 2 });
    expect(log.lines).toEqual([]);
  });

  it('have every state and a zero when there is no instance', async () => {
    await dataSource.query('TRUNCATE instances CASCADE');
    const { samples } = measure();
    expect(Object.values(await samples('ringdrop_sessions'))).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(await samples('ringdrop_instances_restricted')).toEqual({ '': 0 });
    expect(await samples('ringdrop_calls_live')).toEqual({ '': 0 });
  });

  it('have the calls that have not ended, without reading those that have', async () => {
    const { instances } = setUpInstances(dataSource);
    const { instance } = await instances.create(await newAccount(dataSource), draft('shop'));
    await dataSource.query(
      `INSERT INTO calls (instance_id, number, duration, state, outcome, requested_at, ended_at, hang_up_at)
       SELECT $1, '5511900000101', 8, 'ended', 'completed', now(), now(), now() FROM generate_series(1, $2::integer)`,
      [instance.id, ENDED_CALLS],
    );
    await dataSource.query(
      `INSERT INTO calls (instance_id, number, duration, state, requested_at, hang_up_at)
       SELECT $1, '5511900000101', 8, state, now(), now() FROM unnest($2::text[]) AS state`,
      [instance.id, ['offering', 'calling', 'delivered', 'ringing']],
    );
    await dataSource.query('ANALYZE calls');
    const { samples, asked } = measure();
    expect(await samples('ringdrop_calls_live')).toEqual({ '': 4 });
    const counting = asked.find((sql) => sql.includes('FROM calls')) ?? '';
    const plan = await dataSource.query<unknown[]>(`EXPLAIN ${counting}`);
    expect(JSON.stringify(plan)).toContain('calls_alive');
    expect(JSON.stringify(plan)).not.toContain('Seq Scan');
  });
});
