import { DatabaseUnavailable } from '../../../src/common/database/database-unavailable.js';
import type { DeliveryAttempts } from '../../../src/deliveries/delivery-attempts.js';
import { DeliveryWorker } from '../../../src/deliveries/delivery-worker.js';
import type { DueDelivery, SettledDelivery } from '../../../src/deliveries/due-delivery.js';
import type { LanesRepository, Settlement } from '../../../src/deliveries/lanes.repository.js';
import { WebhookLocked, type Settlements } from '../../../src/deliveries/settlements.js';
import type { WebhookSender } from '../../../src/webhooks/sending/webhook-sender.js';
import { ManualClock } from '../../support/manual-clock.js';
import { SilentLog } from '../../support/silent-log.js';

/** A lane with two deliveries in a database that can be taken away. */
class OneLane {
  isAway = false;
  isLocked = false;
  isBroken = false;
  readonly sent: string[] = [];
  readonly stored: string[] = [];
  released = 0;
  claims = 0;
  private readonly deliveries = ['first', 'second'].map((deliveryId) => ({
    webhookId: 'w',
    accountId: 'a',
    lane: 'l',
    deliveryId,
    isFailing: false,
  })) as DueDelivery[];

  claim(): Promise<DueDelivery[]> {
    this.claims += 1;
    return Promise.resolve(this.stored.length === 0 ? this.deliveries.slice(0, 1) : []);
  }

  make({ deliveryId }: DueDelivery) {
    this.sent.push(deliveryId);
    return Promise.resolve({ kind: 'delivered', status: 200 });
  }

  settle({ delivery, goOn }: SettledDelivery): Promise<Settlement> {
    if (this.isAway) return Promise.reject(new DatabaseUnavailable());
    if (this.isBroken) return Promise.reject(new Error('deadlock detected'));
    if (this.isLocked) return Promise.reject(new WebhookLocked());
    this.stored.push(delivery.deliveryId);
    const rest = this.deliveries[this.stored.length];
    const next = goOn ? rest : undefined;
    const fate = next ? 'renewed' : rest ? 'returned' : 'ended';
    return Promise.resolve({ isLocked: false, isReleased: false, switchOffReason: undefined, fate, next });
  }

  release(): Promise<void> {
    this.released += 1;
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

describe('the worker of deliveries', () => {
  function open() {
    const lane = new OneLane();
    const clock = new ManualClock();
    const log = new SilentLog();
    const worker = new DeliveryWorker(
      lane as unknown as LanesRepository,
      lane as unknown as DeliveryAttempts,
      lane as unknown as Settlements,
      lane as unknown as WebhookSender,
      clock,
      log,
    );
    return { lane, clock, worker };
  }

  it('stores an outcome as soon as the database is back, sends nothing twice and goes on', async () => {
    const { lane, clock, worker } = open();
    lane.isAway = true;
    worker.start();
    await clock.advance(600);
    expect(lane).toMatchObject({ sent: ['first'], stored: [] });
    lane.isAway = false;
    await clock.advance(250);
    expect(lane).toMatchObject({ sent: ['first', 'second'], stored: ['first', 'second'] });
    await worker.stop();
  });

  it('returns a lane that it claimed while it was still at work in it', async () => {
    const { lane, clock, worker } = open();
    lane.isLocked = true;
    worker.start();
    await clock.advance(1100);
    expect(lane).toMatchObject({ sent: ['first'], released: 0 });
    lane.isLocked = false;
    await clock.advance(250);
    expect(lane).toMatchObject({ sent: ['first', 'second'], released: 1 });
    await worker.stop();
  });

  it('asks for nothing more when it has ended a lane that was well', async () => {
    const { lane, clock, worker } = open();
    worker.start();
    await clock.advance(100);
    expect(lane).toMatchObject({ stored: ['first', 'second'], claims: 1 });
    await worker.stop();
  });

  it('asks at once for what was added to another lane, and not for one that it is at work in', async () => {
    const { lane, clock, worker } = open();
    lane.isLocked = true;
    worker.start();
    await clock.advance(100);
    worker.added([{ webhookId: 'w', lane: 'l' }]);
    await clock.advance(0);
    expect(lane.claims).toBe(1);
    worker.added([
      { webhookId: 'w', lane: 'l' },
      { webhookId: 'w', lane: 'm' },
    ]);
    await clock.advance(0);
    expect(lane.claims).toBe(2);
    lane.isLocked = false;
    await clock.advance(250);
    await worker.stop();
  });

  it('stores an outcome a little later when it is refused for a reason that nobody knows', async () => {
    const { lane, clock, worker } = open();
    lane.isBroken = true;
    worker.start();
    await clock.advance(100);
    lane.isBroken = false;
    await clock.advance(250);
    expect(lane).toMatchObject({ sent: ['first', 'second'], stored: ['first', 'second'] });
    await worker.stop();
  });

  it('stores an outcome as soon as the webhook is not locked any more, also while it stops', async () => {
    const { lane, clock, worker } = open();
    lane.isLocked = true;
    worker.start();
    await clock.advance(100);
    const stopped = worker.stop();
    await clock.advance(600);
    expect(lane).toMatchObject({ sent: ['first'], stored: [] });
    lane.isLocked = false;
    await clock.advance(250);
    await stopped;
    expect(lane.sent).toEqual(['first']);
    expect(lane.stored[0]).toBe('first');
  });

  it('does not wait for a database that is away when it is told to stop', async () => {
    const { lane, clock, worker } = open();
    lane.isAway = true;
    worker.start();
    await clock.advance(100);
    const stopped = worker.stop();
    await clock.advance(1000);
    await stopped;
    expect(lane).toMatchObject({ sent: ['first'], stored: [] });
  });
});
