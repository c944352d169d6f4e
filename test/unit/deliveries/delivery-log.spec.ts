import { EventBus } from '../../../src/common/events/event-bus.js';
import { DeliveryLogListener } from '../../../src/deliveries/delivery-log.listener.js';
import type { DeliveryOutcome } from '../../../src/deliveries/delivery-outcome.js';
import { DeliverySettled, type DueDelivery } from '../../../src/deliveries/due-delivery.js';
import { ManualClock } from '../../support/manual-clock.js';
import { SilentLog } from '../../support/silent-log.js';

const MINUTE_MS = 60_000;
const SECRET = 'hook-secret';

const SHOP = { webhookId: 'w1', instanceId: 'i1', accountId: 'a1', instance: 'shop', label: 'default' };
const DELIVERY: DueDelivery = {
  ...SHOP,
  lane: 'l1',
  deliveryId: 'd1',
  eventId: 'e1',
  event: 'call.update',
  body: `{"x":"${SECRET}"}`,
  attempts: 9,
  queuedSeconds: 0.2,
  enabled: true,
  isFailing: false,
  configuredAt: new Date('2026-01-01T00:00:00Z'),
  url: `https://user:${SECRET}@example.com/${SECRET}?x=${SECRET}`,
  byEvents: false,
  sealedUrl: null,
  headers: null,
  authorizationValue: Buffer.from(SECRET),
  secret: Buffer.from(SECRET),
  previousSecret: null,
};
const DEAD: DeliveryOutcome = { kind: 'dead', status: 500, error: 'HTTP 500' };

describe('deliveries that were given up', () => {
  function open() {
    const log = new SilentLog();
    const clock = new ManualClock();
    const events = new EventBus(log);
    const listener = new DeliveryLogListener(events, clock, log);
    listener.onModuleInit();
    const settle = (changes: Partial<DueDelivery>, outcome = DEAD) =>
      void events.publish(new DeliverySettled({ ...DELIVERY, ...changes }, outcome));
    return { log, clock, listener, settle };
  }

  it('have a line that names webhook, event and failure, and neither address nor secret', () => {
    const { log, settle } = open();
    settle({});
    expect(log.lines).toEqual([
      {
        level: 'warn',
        sentence: 'A delivery of a webhook was given up',
        details: { ...SHOP, event: 'call.update', attempts: 10, status: 500, error: 'HTTP 500' },
      },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain(SECRET);
    expect(JSON.stringify(log.lines)).not.toContain('example.com');
  });

  it('have none while they are tried again, and none when they are delivered', () => {
    const { log, settle } = open();
    settle({}, { kind: 'retry', status: 500, error: 'HTTP 500', delayMs: 1 });
    settle({}, { kind: 'delivered', status: 200 });
    settle({}, { kind: 'released' });
    expect(log.lines).toEqual([]);
  });

  it('of a webhook that is disabled were not tried once more', () => {
    const { log, settle } = open();
    settle({ enabled: false, attempts: 0 }, { kind: 'dead', status: null, error: 'webhook_disabled' });
    expect(log.lines[0]?.details).toMatchObject({ attempts: 0, status: null, error: 'webhook_disabled' });
  });

  it('by the thousands are one line a minute for each webhook, with their number and why', async () => {
    const { log, clock, settle } = open();
    const timedOut: DeliveryOutcome = { kind: 'dead', status: null, error: 'timeout' };
    for (let minute = 0; minute < 3; minute += 1) {
      for (let delivery = 0; delivery < 1000; delivery += 1) {
        settle({}, delivery % 4 === 0 ? timedOut : DEAD);
        settle({ webhookId: 'w2', label: 'other' });
      }
      await clock.advance(MINUTE_MS);
    }
    const ofFirst = log.lines.filter(({ details }) => details.webhookId === 'w1');
    expect(ofFirst.map(({ sentence }) => sentence)).toEqual([
      'A delivery of a webhook was given up',
      'More deliveries of a webhook were given up',
      'More deliveries of a webhook were given up',
      'More deliveries of a webhook were given up',
    ]);
    expect(ofFirst[1]).toMatchObject({
      level: 'warn',
      details: { ...SHOP, deliveries: 999, errors: { 'HTTP 500': 750, timeout: 249 } },
    });
    expect(ofFirst[2]?.details).toMatchObject({
      deliveries: 1000,
      errors: { 'HTTP 500': 750, timeout: 250 },
    });
    expect(log.lines).toHaveLength(8);
  });

  it('of more than a thousand webhooks in a minute are counted together', async () => {
    const { log, clock, settle } = open();
    for (let webhook = 0; webhook < 3000; webhook += 1) settle({ webhookId: `w${webhook}` });
    expect(log.lines).toHaveLength(1001);
    await clock.advance(MINUTE_MS);
    expect(log.lines.slice(1001)).toEqual([
      {
        level: 'warn',
        sentence: 'Deliveries of further webhooks were given up',
        details: { deliveries: 1999, errors: { 'HTTP 500': 1999 } },
      },
    ]);
  });

  it('are all counted when the product stops', () => {
    const { log, listener, settle } = open();
    settle({});
    settle({});
    listener.onApplicationShutdown();
    expect(log.lines[1]?.details).toMatchObject({ deliveries: 1 });
  });
});
