import { EventBus } from '../../../src/common/events/event-bus.js';
import { InstanceStateChanged } from '../../../src/instances/instance-state-changed.event.js';
import { InstanceStates } from '../../../src/instances/instance-states.js';
import type { SessionSignal } from '../../../src/whatsapp/whatsapp-signals.js';
import { ManualClock } from '../../support/manual-clock.js';
import { instanceRow } from './support/instance-row.js';
import { SilentLog } from '../../support/silent-log.js';
import { MemoryStatuses } from './support/memory-statuses.js';

const jid = '5511999999999@s.whatsapp.net';

function setUp() {
  const row = instanceRow();
  const repository = new MemoryStatuses(row);
  const log = new SilentLog();
  const events = new EventBus(log);
  const told: InstanceStateChanged[] = [];
  events.on(InstanceStateChanged, (event) => void told.push(event));
  const states = new InstanceStates(repository, events, new ManualClock(), log);
  const at = new Date('2026-01-31T12:00:00.000Z');
  const instanceId = row.id;
  const disconnected = {
    type: 'disconnected',
    instanceId,
    at,
    code: 428,
    reason: 'closed',
    retryAt: null,
  } as const;
  const connected = { type: 'connected', instanceId, at, jid, name: 'Shop' } as const;
  return { row, repository, log, told, states, disconnected, connected };
}

describe('the states of instances', () => {
  it('are stored before they are told', async () => {
    const { row, told, states, connected } = setUp();
    await states.apply(connected);
    expect(row).toMatchObject({ status: 'connected', numberJid: jid, profileName: 'Shop' });
    const { id, accountId, name } = row;
    expect(told).toEqual([
      new InstanceStateChanged({ id, accountId, name }, 'disconnected', 'connected', connected),
    ]);
  });

  it('follow the order of the signals of an instance', async () => {
    const { row, told, states, connected, disconnected } = setUp();
    await Promise.all([states.apply(connected), states.apply(disconnected), states.apply(connected)]);
    expect(told.map(({ status }) => status)).toEqual(['connected', 'disconnected', 'connected']);
    expect(row.status).toBe('connected');
  });

  it('tell another failed attempt although the status stays', async () => {
    const { told, states, disconnected } = setUp();
    await states.apply({ ...disconnected, code: 503 });
    expect(told).toMatchObject([{ previous: 'disconnected', status: 'disconnected', signal: { code: 503 } }]);
  });

  it('are not touched by the end of the socket after a logout', async () => {
    const { row, told, states, connected, disconnected } = setUp();
    await states.apply(connected);
    await states.loggedOut(row.id);
    await states.apply(disconnected);
    await states.loggedOut(row.id);
    expect(row).toMatchObject({ status: 'loggedout', numberJid: jid, lastDisconnectCode: 401 });
    expect(told.map(({ status }) => status)).toEqual(['connected', 'loggedout']);
  });

  it('judge a signal anew when another writer was faster', async () => {
    const { row, repository, told, states, disconnected } = setUp();
    row.status = 'connected';
    repository.beforeMove = () => {
      row.status = 'loggedout';
      repository.beforeMove = undefined;
    };
    await states.apply(disconnected);
    expect(row.status).toBe('loggedout');
    expect(told).toEqual([]);
  });

  it('do not try for ever against faster writers', async () => {
    const { row, repository, log, states, disconnected } = setUp();
    const others = ['connected', 'connecting'] as const;
    let turn = 0;
    repository.beforeMove = () => {
      turn += 1;
      row.status = others[turn % 2] ?? 'connected';
    };
    await states.apply(disconnected);
    expect(log.lines).toContainEqual(expect.objectContaining({ level: 'warn' }));
  });

  it('do not mind a signal of an instance that is gone', async () => {
    const { told, states, connected } = setUp();
    const gone: SessionSignal = { ...connected, instanceId: 'another' };
    await expect(states.apply(gone)).resolves.toBeUndefined();
    expect(told).toEqual([]);
  });
});
