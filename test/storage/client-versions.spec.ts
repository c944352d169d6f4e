import type { DataSource } from 'typeorm';
import { LinkedNews } from '../../src/cluster/linked-news.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import { parseAppConfig } from '../../src/config/app-config.js';
import {
  ClientVersionRefused,
  type ClientVersions,
} from '../../src/whatsapp/client-version/client-versions.js';
import { WhatsAppSimulator, type ServiceWorkerAnswer } from '../simulator/index.js';
import { clientVersions, LIBRARY_VERSION } from '../support/client-versions.js';
import { ManualClock } from '../support/manual-clock.js';
import { redirectWeb } from '../support/redirected-web.js';
import { SilentLog } from '../support/silent-log.js';
import { Bus } from '../unit/cluster/support/bus.js';
import { openTestDatabase } from './instances-stage.js';

const DAY_MS = 24 * 60 * 60_000;
const BUILT_IN = LIBRARY_VERSION.revision;
const NEWER = BUILT_IN + 4711;

describe('the client version', () => {
  let database: DataSource;
  let simulator: WhatsAppSimulator;
  let endRedirection: () => void;
  let clock: ManualClock;
  let log: SilentLog;
  let started: ClientVersions[];

  beforeAll(async () => {
    database = await openTestDatabase();
    simulator = await WhatsAppSimulator.start();
    endRedirection = redirectWeb(simulator.versions.serviceWorker);
  });

  afterAll(async () => {
    endRedirection();
    await simulator.close();
    await database.destroy();
  });

  beforeEach(async () => {
    clock = new ManualClock(new Date());
    log = new SilentLog();
    started = [];
    simulator.versions.serviceWorker.requests.length = 0;
    answer({ kind: 'file', revision: NEWER });
    await database.query(
      `UPDATE whatsapp_web_version SET revision = NULL, learned_at = NULL, asked_at = NULL, answered_at = NULL`,
    );
  });

  afterEach(async () => {
    for (const versions of started) await versions.beforeApplicationShutdown();
    expect(simulator.violations).toEqual([]);
  });

  const answer = (given: ServiceWorkerAnswer): void => void (simulator.versions.serviceWorker.answer = given);
  const questions = (): number => simulator.versions.serviceWorker.requests.length;
  const later = (interval: string) =>
    database.query(
      `UPDATE whatsapp_web_version SET asked_at = asked_at - $1::interval, learned_at = learned_at - $1::interval`,
      [interval],
    );

  /** One process; what it does at its start is not waited for. */
  async function start(
    env: Record<string, string> = {},
    more: { events?: EventBus; nodes?: LinkedNews } = {},
  ): Promise<ClientVersions> {
    const versions = clientVersions(database, { config: parseAppConfig(env), clock, log, ...more });
    started.push(versions);
    await versions.onModuleInit();
    return versions;
  }

  /** One session is refused; true: a newer version is known now. */
  function refuse(versions: ClientVersions, revision = versions.current.revision): Promise<boolean> {
    versions.refused(revision, null);
    return versions.renewed(revision);
  }

  const linesOf = (level: string): string[] =>
    log.lines.filter((line) => line.level === level).map(({ sentence }) => sentence);

  it.each(['plain', 'escaped'] as const)(
    'is the one that WhatsApp Web itself uses, read from its service worker with %s quotes',
    async (quotes) => {
      answer({ kind: 'file', revision: NEWER, quotes });
      const versions = await start();
      expect(versions.current).toEqual({ ...LIBRARY_VERSION, source: 'built-in' });

      await expect(refuse(versions)).resolves.toBe(true);

      expect(versions.current).toEqual({ revision: NEWER, source: 'learned', currentAt: clock.now() });
      expect((await start()).current).toEqual({
        revision: NEWER,
        source: 'stored',
        currentAt: expect.any(Date),
      });
    },
  );

  const useless: [string, ServiceWorkerAnswer, RegExp][] = [
    ['garbage', { kind: 'garbage' }, /names no client revision/],
    ['a login page', { kind: 'login-page' }, /names no client revision/],
    ['a file that breaks off', { kind: 'truncated', revision: NEWER }, /ECONNRESET|connection failed/],
    [
      'a file that ends within the number',
      { kind: 'cut-short', revision: NEWER },
      /names no client revision/,
    ],
    ['a lower number', { kind: 'file', revision: BUILT_IN - 1 }, /is lower than what is known/],
    ['an absurd number', { kind: 'file', revision: 10_438_577_600 }, /names no client revision/],
    ['a number that does not fit the wire', { kind: 'file', revision: 4_294_967_296 }, /names no client/],
    ['a broken number', { kind: 'file', revision: `${NEWER}.5` }, /names no client revision/],
    ['a number in quotes', { kind: 'file', revision: `"${NEWER}"` }, /names no client revision/],
    ['a negative number', { kind: 'file', revision: -NEWER }, /names no client revision/],
    ['an error of the server', { kind: 'status', status: 503 }, /HTTP status 503/],
    ['another host', { kind: 'redirect', to: 'https://example.com/sw.js' }, /redirected to another host/],
    ['the same host without TLS', { kind: 'redirect', to: 'http://web.whatsapp.com/sw.js' }, /another host/],
    ['itself again and again', { kind: 'redirect', to: '/sw.js' }, /too many redirects/],
    ['a giant file', { kind: 'giant', revision: NEWER }, /names no client revision/],
    ['nothing but a closed connection', { kind: 'down' }, /ECONNRESET|connection failed/],
  ];

  it.each(useless)('does not change for %s, which is logged once', async (_, given, reason) => {
    answer(given);
    const versions = await start();
    for (let time = 0; time < 2; time += 1) {
      const asked = refuse(versions);
      await passUntil(asked);
      await expect(asked).resolves.toBe(false);
      await later('5 minutes');
    }

    expect(versions.current).toEqual({ ...LIBRARY_VERSION, source: 'built-in' });
    const failures = log.lines.filter(({ sentence }) => sentence.includes('could not be learned'));
    expect(failures).toEqual([
      { level: 'warn', sentence: expect.any(String), details: { reason: expect.stringMatching(reason) } },
    ]);
  });

  it('does not wait longer than ten seconds for an answer', async () => {
    answer({ kind: 'silence' });
    const versions = await start();
    const asked = refuse(versions);
    while (questions() === 0) await new Promise(setImmediate);
    await clock.advance(9_000);
    expect(linesOf('warn')).toEqual([]);
    await passUntil(asked);
    await expect(asked).resolves.toBe(false);
    expect(log.lines).toContainEqual(
      expect.objectContaining({ details: { reason: 'no answer within 10 seconds' } }),
    );
  });

  it('follows a redirect to another place on the same host', async () => {
    answer({ kind: 'redirect', to: '/sw.js?v=2' });
    const versions = await start();
    await passUntil(refuse(versions));
    expect(simulator.versions.serviceWorker.requests.map(({ path }) => path)).toEqual([
      '/sw.js',
      '/sw.js?v=2',
    ]);
  });

  it('is asked for once by all sessions of all processes that are refused together, who all learn it', async () => {
    const bus = new Bus();
    const processes: ClientVersions[] = [];
    for (const name of ['one', 'two', 'three']) {
      const events = new EventBus(log);
      processes.push(await start({}, { events, nodes: new LinkedNews(bus.join(name).link, log) }));
    }

    const asked = processes.flatMap((versions) => Array.from({ length: 50 }, () => refuse(versions)));
    await passUntil(Promise.all(asked));

    expect(await Promise.all(asked)).toEqual(Array(150).fill(true));
    expect(questions()).toBe(1);
    expect(processes.map(({ current }) => current.revision)).toEqual([NEWER, NEWER, NEWER]);
    expect(linesOf('warn')).toHaveLength(3);
  });

  it('is known to the other processes although no broker tells them', async () => {
    const [first, second] = [await start(), await start()];
    await refuse(first);
    expect(second.current.revision).toBe(BUILT_IN);

    await expect(refuse(second)).resolves.toBe(true);
    expect(questions()).toBe(1);
  });

  it('is not asked for twice within five minutes, whatever is refused and whoever starts', async () => {
    answer({ kind: 'garbage' });
    const versions = await start();
    await passUntil(refuse(versions));
    await later('4 minutes 59 seconds');
    await refuse(versions);
    await refuse(await start());
    expect(questions()).toBe(1);

    await later('2 seconds');
    answer({ kind: 'file', revision: NEWER });
    await expect(refuse(versions)).resolves.toBe(true);
    expect(questions()).toBe(2);
  });

  it('is asked for at the start when nothing was learned within a day, and then once a day', async () => {
    const versions = await start();
    versions.onApplicationBootstrap();
    await clock.advance(0);
    await expect(versions.renewed(BUILT_IN)).resolves.toBe(true);
    await until(() => clock.nextDueInMs >= DAY_MS * 0.9 && clock.nextDueInMs <= DAY_MS * 1.1);
    expect(questions()).toBe(1);
    await later('25 hours');
    await clock.advance(clock.nextDueInMs);
    await until(() => questions() === 2);
  });

  it('is not asked for at a start within a day', async () => {
    await refuse(await start());
    await later('23 hours');
    const versions = await start();
    versions.onApplicationBootstrap();
    await clock.advance(DAY_MS / 24 / 2);
    await new Promise(setImmediate);
    expect(questions()).toBe(1);
  });

  it('is the one that the operator sets, although a higher one is known and it is refused', async () => {
    await refuse(await start());
    const versions = await start({ WHATSAPP_WEB_VERSION: '2.3000.1000000000' });
    versions.onApplicationBootstrap();
    await clock.advance(DAY_MS * 2);

    await expect(refuse(versions)).resolves.toBe(false);

    expect(versions.current).toEqual({ revision: 1_000_000_000, source: 'environment', currentAt: null });
    expect(questions()).toBe(1);
    expect(versions.refusalText(1_000_000_000)).toContain(
      'set WHATSAPP_WEB_VERSION to a newer one, or remove it',
    );
    expect(linesOf('warn')).toContain('WHATSAPP_WEB_VERSION is older than the version of the library');
  });

  it('is never asked for in a closed network, which still takes what another process has learned', async () => {
    const closed = await start({ WHATSAPP_WEB_VERSION_REFRESH: 'false' });
    closed.onApplicationBootstrap();
    await clock.advance(DAY_MS * 2);
    await expect(refuse(closed)).resolves.toBe(false);
    expect(questions()).toBe(0);
    expect(closed.refusalText(BUILT_IN)).toContain('WHATSAPP_WEB_VERSION_REFRESH');

    await refuse(await start());
    await expect(refuse(closed)).resolves.toBe(true);
    expect(closed.current.revision).toBe(NEWER);
  });

  it('is told once to those who wait for a higher one', async () => {
    const versions = await start();
    const told: string[] = [];
    versions.onceHigher(BUILT_IN, () => told.push('waiting'));
    versions.onceHigher(NEWER, () => told.push('has it already'));
    versions.onceHigher(BUILT_IN, () => told.push('given up')).cancel();
    await refuse(versions);
    expect(told).toEqual(['waiting']);
  });

  it('gets one line in the log for all sessions, and counts each refusal', async () => {
    answer({ kind: 'login-page' });
    const events = new EventBus(log);
    let refusals = 0;
    events.on(ClientVersionRefused, () => void (refusals += 1));
    const versions = await start({}, { events });
    const asked = Promise.all(Array.from({ length: 200 }, () => refuse(versions)));
    await passUntil(asked);
    await refuse(versions);

    expect(refusals).toBe(201);
    expect(versions.isRefused).toBe(true);
    expect(linesOf('error')).toEqual(['WhatsApp refuses the client version, and no newer one is known']);
    versions.accepted(BUILT_IN);
    expect(versions.isRefused).toBe(false);
  });

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  /** Short waits pass at once until it is done; the time limit of a question that is being answered does not. */
  async function passUntil(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    void work.finally(() => (isDone = true));
    while (!isDone) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (!isDone && clock.nextDueInMs <= 2_000) await clock.advance(clock.nextDueInMs);
    }
  }
});
