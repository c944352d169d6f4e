import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { ClaimRound } from '../../src/cluster/claim-round.js';
import { HeldInstances } from '../../src/cluster/held-instances.js';
import { NoLink } from '../../src/cluster/no-link.js';
import { NodeDeparture } from '../../src/cluster/node-departure.js';
import { NodeHeartbeat } from '../../src/cluster/node-heartbeat.js';
import { NodeLease } from '../../src/cluster/node-lease.js';
import { NodesRepository } from '../../src/cluster/nodes.repository.js';
import { OwnersRepository } from '../../src/cluster/owners.repository.js';
import { SessionClaims } from '../../src/cluster/session-claims.js';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { FatalFaults } from '../../src/common/errors/fatal-faults.js';
import { EventBus } from '../../src/common/events/event-bus.js';
import { parseAppConfig } from '../../src/config/app-config.js';
import { DatabaseProbe } from '../../src/health/database-probe.js';
import { HealthService } from '../../src/health/health.service.js';
import { NatsProbe } from '../../src/health/nats-probe.js';
import { clientVersions } from '../support/client-versions.js';
import { ManualClock } from '../support/manual-clock.js';
import { SilentLog } from '../support/silent-log.js';
import { openTestDatabase } from './instances-stage.js';

const ONE_BEAT_MS = 1000;
const SECRETS = new SecretBox([randomBytes(32)]);

/** A process that is alone on a database, as far as its heartbeat and its health are concerned. */
class LoneProcess {
  readonly faults = new FatalFaults();
  readonly departure: NodeDeparture;
  readonly health: HealthService;
  private readonly clock = new ManualClock();
  private readonly heartbeat: NodeHeartbeat;

  private constructor(database: DataSource) {
    const log = new SilentLog();
    const config = parseAppConfig({});
    const { clock, faults } = this;
    const lease = new NodeLease(clock, config);
    const nodes = new NodesRepository(database, SECRETS, clock);
    const owners = new OwnersRepository(database, SECRETS);
    const events = new EventBus(log);
    const held = new HeldInstances(lease, nodes, owners, events, log);
    const round = new ClaimRound(nodes, owners, held, events, log);
    const claims = new SessionClaims(clock, config, lease, round, log);
    this.heartbeat = new NodeHeartbeat(clock, lease, nodes, held, faults, log);
    this.departure = new NodeDeparture(lease, nodes, claims, this.heartbeat, faults, log);
    const probe = new DatabaseProbe(database, clock, log);
    this.health = new HealthService(
      probe,
      this.departure,
      new NatsProbe(config, new NoLink()),
      clientVersions(database, { config, clock, log }),
      faults,
      clock,
    );
  }

  static async on(database: DataSource): Promise<LoneProcess> {
    const lone = new LoneProcess(database);
    await lone.heartbeat.start();
    return lone;
  }

  /** Lets seconds pass until a fault is reported. Returns how many. */
  async secondsUntilFault(most: number): Promise<number> {
    for (let seconds = 1; seconds <= most; seconds += 1) {
      await this.clock.advance(ONE_BEAT_MS);
      await sleep(10);
      if (this.faults.first) return seconds;
    }
    throw new Error(`no fault within ${most} s`);
  }

  stop(): Promise<void> {
    return this.heartbeat.stop();
  }
}

describe('a process on a database', () => {
  let database: DataSource;
  let lone: LoneProcess;

  beforeEach(async () => {
    database = await openTestDatabase();
    lone = await LoneProcess.on(database);
  });

  afterEach(async () => {
    await lone.stop();
    await database.destroy();
  });

  it('is of no use when another one has taken the database over, and its health says so', async () => {
    expect(await lone.health.report()).toMatchObject({ status: 'ok', checks: { db: 'ok' } });
    await new OwnersRepository(database, SECRETS).takeAll(randomUUID());
    await lone.secondsUntilFault(30);
    const process = 'fail: another process works on the database';
    for (const report of [await lone.health.report(), await lone.health.readiness()])
      expect(report).toMatchObject({ status: 'degraded', checks: { db: 'ok', process } });
    // Ending in order is no excuse.
    await lone.departure.begin();
    expect((await lone.health.readiness()).checks.process).toBe(process);
    expect(await lone.faults.reported).toMatchObject({ advice: expect.stringContaining('NATS_URL') });
  });

  it('is well although it is stopping, but not ready', async () => {
    await lone.departure.begin();
    expect((await lone.health.report()).status).toBe('ok');
    expect(await lone.health.readiness()).toMatchObject({
      status: 'degraded',
      checks: { process: 'fail: this process is stopping' },
    });
  });

  it('is of no use when its tables have been gone for a minute, in which a backup could have brought them back', async () => {
    await database.query('ALTER TABLE nodes RENAME TO hidden');
    await expect(lone.secondsUntilFault(40)).rejects.toThrow('no fault');
    await database.query('ALTER TABLE hidden RENAME TO nodes');
    await expect(lone.secondsUntilFault(30)).rejects.toThrow('no fault');
    await database.query('DROP SCHEMA public CASCADE');
    expect(await lone.secondsUntilFault(90)).toBeGreaterThan(55);
    expect(lone.faults.first?.reason).toBe('the tables of the database are gone');
  });
});
