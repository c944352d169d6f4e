import { EventBus } from '../../../src/common/events/event-bus.js';
import type { DeliveryOutcome } from '../../../src/deliveries/delivery-outcome.js';
import {
  DeliverySettled,
  WebhookSwitchedOff,
  type DueDelivery,
  type SettledDelivery,
} from '../../../src/deliveries/due-delivery.js';
import type { LanesRepository, Settlement } from '../../../src/deliveries/lanes.repository.js';
import { Settlements } from '../../../src/deliveries/settlements.js';
import type { WebhooksRepository } from '../../../src/webhooks/store/webhooks.repository.js';
import { SilentLog } from '../../support/silent-log.js';

const WEBHOOK = {
  webhookId: 'w1',
  instanceId: 'i1',
  accountId: 'a1',
  instance: 'shop',
  label: 'default',
};

/** Lanes without an end: whoever goes on gets a next delivery. */
class EndlessLanes implements Pick<LanesRepository, 'settle'>, Pick<WebhooksRepository, 'switchOff'> {
  readonly batches: number[] = [];
  more: Partial<Settlement> = {};
  /** Webhooks that are enabled. */
  readonly enabled = new Set(['w1']);

  settle(settled: readonly SettledDelivery[]): Promise<Settlement[]> {
    this.batches.push(settled.length);
    return Promise.resolve(
      settled.map(({ delivery }) => ({
        isLocked: false,
        isReleased: false,
        switchOffReason: undefined,
        fate: 'renewed',
        next: delivery,
        ...this.more,
      })),
    );
  }

  switchOff({ webhookId }: { readonly webhookId: string }): Promise<boolean> {
    return Promise.resolve(this.enabled.delete(webhookId));
  }
}

const settledOf = (lane: string, outcome: DeliveryOutcome = { kind: 'released' }): SettledDelivery => ({
  delivery: { ...WEBHOOK, lane } as DueDelivery,
  outcome,
  goOn: true,
});

describe('the outcomes of deliveries', () => {
  function open() {
    const lanes = new EndlessLanes();
    const log = new SilentLog();
    const events = new EventBus(log);
    const settlements = new Settlements(
      lanes as unknown as LanesRepository,
      lanes as unknown as WebhooksRepository,
      events,
      log,
    );
    return { lanes, log, events, settlements };
  }

  it('that come in while a write is under way are stored together by the next one', async () => {
    const { lanes, settlements } = open();
    const first = settlements.settle(settledOf('a'));
    await Promise.resolve();
    await Promise.resolve();
    await Promise.all([first, settlements.settle(settledOf('b')), settlements.settle(settledOf('c'))]);
    expect(lanes.batches).toEqual([1, 2]);
  });

  it.each([0, 1, 2, 3, 4, 5])(
    'are stored when they come %d turns after a write was answered',
    async (turns) => {
      const { lanes, settlements } = open();
      await settlements.settle(settledOf('a'));
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      const stored: string[] = [];
      void settlements.settle(settledOf('a')).then(() => stored.push('a'));
      await new Promise(setImmediate);
      expect(stored).toEqual(['a']);
      expect(lanes.batches).toEqual([1, 1]);
    },
  );

  it('are refused while somebody else holds the webhook', async () => {
    const { lanes, settlements } = open();
    lanes.more = { isLocked: true };
    await expect(settlements.settle(settledOf('a'))).rejects.toThrow('being changed or deleted');
  });

  it('do not count when the webhook was changed since the attempt began', async () => {
    const { lanes, events, settlements } = open();
    const outcomes: string[] = [];
    events.on(DeliverySettled, ({ outcome }) => void outcomes.push(outcome.kind));
    await settlements.settle(settledOf('a', { kind: 'delivered', status: 200 }));
    lanes.more = { isReleased: true };
    await settlements.settle(settledOf('a', { kind: 'dead', status: 410, error: 'HTTP 410' }));
    expect(outcomes).toEqual(['delivered', 'released']);
  });

  it('are logged and reported once when they switched a webhook off', async () => {
    const { lanes, log, events, settlements } = open();
    const reported: unknown[] = [];
    events.on(WebhookSwitchedOff, ({ webhook }) => void reported.push(webhook));
    const reason = 'The receiver answered 410 Gone';
    lanes.more = { switchOffReason: reason };
    await settlements.settle(settledOf('a'));
    await settlements.settle(settledOf('a'));
    await new Promise(setImmediate);
    const details = { ...WEBHOOK, reason };
    expect(log.lines).toEqual([{ level: 'warn', sentence: 'A webhook was switched off', details }]);
    expect(reported).toEqual([details]);
  });
});
