import { randomBytes } from 'node:crypto';
import { AccountDeleting } from '../../../src/accounts/account-deleting.event.js';
import { AccountDisabled } from '../../../src/accounts/account-disabled.event.js';
import { AccountEnabled } from '../../../src/accounts/account-enabled.event.js';
import { SecretBox } from '../../../src/common/crypto/secret-box.js';
import { EventBus } from '../../../src/common/events/event-bus.js';
import { parseAppConfig } from '../../../src/config/app-config.js';
import { AccountEventsListener } from '../../../src/instances/account-events.listener.js';
import { InstanceSessions } from '../../../src/instances/instance-sessions.js';
import { InstanceStates } from '../../../src/instances/instance-states.js';
import { InstancesGained } from '../../../src/cluster/instances-gained.event.js';
import { GainedInstancesListener } from '../../../src/instances/gained-instances.listener.js';
import { InstancesLifecycle } from '../../../src/instances/instances-lifecycle.js';
import { OwnerCommands } from '../../../src/cluster/owner-commands.js';
import { PasskeyRequests } from '../../../src/instances/passkey-requests.js';
import { SessionCommands } from '../../../src/instances/session-commands.js';
import { SessionRestoring } from '../../../src/instances/session-restoring.js';
import { SessionOpener } from '../../../src/instances/session-opener.js';
import { ConnectTurns } from '../../../src/whatsapp/connect-turns.js';
import { FakeGateway } from './support/fake-gateway.js';
import { ManualClock } from '../../support/manual-clock.js';
import { instanceRow } from './support/instance-row.js';
import { SilentLog } from '../../support/silent-log.js';
import { TestOwnership } from '../../support/test-ownership.js';
import { MemoryStatuses } from './support/memory-statuses.js';

const ACCOUNT = 'account-1';
const IDS = ['i1', 'i2', 'i3'];

function setUp(sessionOpensPerSecond: string, ids = IDS) {
  const rows = ids.map((id) => instanceRow({ id, name: id, accountId: ACCOUNT, status: 'connected' }));
  const repository = new MemoryStatuses(...rows);
  const gateway = new FakeGateway();
  for (const id of ids) {
    gateway.linked.add(id);
    repository.toOpen.add(id);
  }
  const log = new SilentLog();
  const clock = new ManualClock();
  const events = new EventBus(log);
  const states = new InstanceStates(repository, events, clock, log);
  const sessions = new InstanceSessions(gateway, repository, states, new SecretBox([randomBytes(32)]), log);
  const config = parseAppConfig({ SESSION_OPENS_PER_SECOND: sessionOpensPerSecond });
  const turns = new ConnectTurns(config, clock);
  const opener = new SessionOpener(sessions, turns, gateway, new TestOwnership(), log);
  const departure = { complete: () => Promise.resolve() };
  const lifecycle = new InstancesLifecycle(opener, sessions, departure);
  new GainedInstancesListener(events, repository, opener, clock, log).onModuleInit();
  const start = () => events.publish(new InstancesGained(ids));
  const commands = new OwnerCommands();
  const sessionCommands = new SessionCommands(commands, sessions, new PasskeyRequests(events), log);
  const restoring = new SessionRestoring(commands, opener, log);
  for (const part of [
    sessionCommands,
    restoring,
    new AccountEventsListener(events, repository, sessionCommands, restoring),
  ])
    part.onModuleInit();
  const opened = () => gateway.opened.map(({ instanceId }) => instanceId);
  return { rows, repository, gateway, log, clock, events, sessions, start, lifecycle, opened };
}

describe('the life of sessions', () => {
  it('begins at the pace that is configured, behind the start of the server', async () => {
    const { rows, clock, start, opened } = setUp('2');
    await start();
    expect(rows.map(({ status }) => status)).toEqual(['disconnected', 'disconnected', 'disconnected']);
    await clock.advance(0);
    expect(opened()).toEqual(['i1']);
    await clock.advance(500);
    expect(opened()).toEqual(['i1']);
    await clock.advance(75);
    expect(opened()).toEqual(['i1', 'i2']);
    await clock.advance(575);
    expect(opened()).toEqual(IDS);
  });

  it('begins with a line for each instance that was online before, and none for the others', async () => {
    const { rows, log, start } = setUp('0');
    const [first, , last] = rows;
    if (first) first.status = 'loggedout';
    if (last) last.status = 'disconnected';
    await start();
    const lines = log.lines.filter(({ sentence }) => sentence === 'The state of an instance changed');
    const reason = 'Ringdrop was restarted, or the session moved to another of its processes';
    expect(lines[0]).toEqual({
      level: 'info',
      sentence: 'The state of an instance changed',
      details: { instanceId: 'i2', accountId: ACCOUNT, instance: 'i2', state: 'disconnected', reason },
    });
    expect(lines.filter(({ details }) => details.reason === reason)).toHaveLength(1);
  });

  it('begins for all at once when no pace is configured', async () => {
    const { clock, start, opened } = setUp('0');
    await start();
    await clock.advance(0);
    expect(opened()).toEqual(IDS);
  });

  it('lets fifteen sessions of an account connect at a time, whatever the pace', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `s${index}`);
    const { gateway, clock, start, lifecycle, opened } = setUp('0', ids);
    await start();
    await clock.advance(0);
    expect(opened()).toEqual(ids.slice(0, 15));
    gateway.connects('s3', '1@s.whatsapp.net');
    gateway.tell('s4', { type: 'disconnected', code: 428, reason: 'lost', retryAt: null });
    await clock.advance(0);
    expect(opened()).toEqual(ids.slice(0, 17));
    await clock.advance(20_000);
    expect(opened()).toEqual(ids.slice(0, 32));
    await lifecycle.beforeApplicationShutdown();
    await clock.advance(60_000);
    expect(opened()).toEqual(ids.slice(0, 32));
  });

  it('goes on when one session cannot be opened', async () => {
    const { clock, gateway, start, opened, log } = setUp('0');
    gateway.linked.delete('i1');
    await start();
    await clock.advance(0);
    expect(opened()).toEqual(['i2', 'i3']);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', sentence: 'A session could not be opened' }),
    );
  });

  it('ends with the process: nothing is opened any more, and everything is closed', async () => {
    const { clock, gateway, start, lifecycle, opened } = setUp('1');
    await start();
    await clock.advance(0);
    await lifecycle.beforeApplicationShutdown();
    expect(gateway.sessionState('i1')).not.toBe('absent');
    await lifecycle.onApplicationShutdown();
    expect(gateway.sessions.size).toBe(0);
    await clock.advance(10_000);
    expect(opened()).toEqual(['i1']);
  });

  it('pauses while the account is disabled', async () => {
    const { clock, rows, gateway, events, start } = setUp('0');
    await start();
    await clock.advance(0);
    for (const row of rows) row.status = 'connected';
    await events.publish(new AccountDisabled(ACCOUNT));
    expect(gateway.sessions.size).toBe(0);
    expect(gateway.linked.size).toBe(3);
    expect(rows.map(({ status }) => status)).toEqual(['disconnected', 'disconnected', 'disconnected']);
    await events.publish(new AccountEnabled(ACCOUNT));
    await clock.advance(0);
    expect(gateway.sessions.size).toBe(3);
  });

  it('ends with the account: its phones are unlinked', async () => {
    const { clock, gateway, events, start } = setUp('0');
    await start();
    await clock.advance(0);
    await events.publish(new AccountDeleting('another'));
    expect(gateway.linked.size).toBe(3);
    await events.publish(new AccountDeleting(ACCOUNT));
    expect(gateway.linked.size).toBe(0);
    expect(gateway.sessions.size).toBe(0);
  });
});
