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

describe('the log of the states of instances', () => {
  const QR = '2@secret,of,the,code';

  function open() {
    const { row, log, states, connected, disconnected } = setUp();
    const { at, instanceId } = connected;
    const signal = { at, instanceId };
    const qr = { ...signal, type: 'qr_ready', qr: QR } as const;
    const connecting = { ...signal, type: 'connecting' } as const;
    const apply = async (...signals: SessionSignal[]) => {
      for (const one of signals) await states.apply(one);
    };
    const lines = (level?: string) =>
      log.lines.flatMap((line) =>
        line.sentence === 'The state of an instance changed' && (level === undefined || line.level === level)
          ? [line.details]
          : [],
      );
    const logged = (level?: string) => lines(level).map(({ state }) => state);
    return { row, log, states, signal, qr, connecting, connected, disconnected, apply, lines, logged };
  }

  it('has one line at info for each event, with what an operator needs and nothing else', async () => {
    const { row, signal, connecting, connected, apply, lines } = open();
    const until = new Date('2026-01-31T13:00:00.000Z');
    await apply(
      connecting,
      { ...signal, type: 'paired', jid },
      connected,
      { ...signal, type: 'restricted', until, contactsFrom: null },
      { ...signal, type: 'unrestricted' },
      { ...signal, type: 'disconnected', code: 503, reason: 'no 5511999999999', retryAt: null },
      { ...signal, type: 'disconnected', code: 440, reason: 'elsewhere', retryAt: null },
      { ...signal, type: 'passkey_required', code: 409, reason: 'passkey' },
      { ...signal, type: 'logged_out', code: 401, reason: 'on the phone' },
    );
    const common = { instanceId: row.id, accountId: row.accountId, instance: 'shop' };
    expect(lines('info')).toEqual([
      { ...common, state: 'connecting' },
      { ...common, state: 'pair_success' },
      { ...common, state: 'connected' },
      { ...common, state: 'restricted', until: until.toISOString() },
      { ...common, state: 'unrestricted' },
      { ...common, state: 'disconnected', code: 503, reason: 'no 5511*****9999' },
      { ...common, state: 'stream_replaced', code: 440, reason: 'elsewhere' },
      { ...common, state: 'passkey_required', reason: 'passkey' },
      { ...common, state: 'logged_out', code: 401, reason: 'on the phone' },
    ]);
    expect(lines('debug')).toEqual([]);
  });

  it('has no line for a signal that makes no event', async () => {
    const { signal, connecting, connected, apply, logged } = open();
    await apply(connecting, connecting, connected, connected, { ...signal, type: 'unrestricted' });
    expect(logged()).toEqual(['connecting', 'connected']);
  });

  it('shows the first QR code of a link at info, its renewals at debug, and no code', async () => {
    const { log, qr, connecting, disconnected, states, signal, apply, logged } = open();
    await apply(connecting, qr, qr, qr, disconnected, connecting, qr);
    expect(logged('info')).toEqual(['connecting', 'qr_ready', 'connect_failure', 'connecting', 'qr_ready']);
    expect(logged('debug')).toEqual(['qr_ready', 'qr_ready']);
    await states.leaving(signal.instanceId, 'The instance was deleted');
    await apply(qr);
    expect(logged('info')).toHaveLength(6);
    expect(JSON.stringify(log.lines)).not.toContain('2@');
  });

  it('says at debug only that WhatsApp refuses the version of the client, which concerns all sessions', async () => {
    const { connecting, connected, disconnected, apply, logged } = open();
    const outdated = { ...disconnected, code: 405 };
    await apply(connecting, outdated, connecting, outdated, connecting, connected);
    expect(logged('info')).toEqual(['connecting', 'connected']);
    expect(logged('debug')).toEqual(['client_outdated', 'connecting', 'client_outdated', 'connecting']);
    await apply({ ...disconnected, code: 503 }, connecting);
    expect(logged('info')).toEqual(['connecting', 'connected', 'disconnected', 'connecting']);
  });

  it('has no line for a change that was not stored', async () => {
    const { states, signal, connected, logged } = open();
    await states.apply({ ...connected, instanceId: 'another' });
    await states.loggedOut(signal.instanceId);
    await states.apply({ ...signal, type: 'logged_out', code: 401, reason: 'again' });
    expect(logged()).toEqual(['logged_out']);
  });
});
