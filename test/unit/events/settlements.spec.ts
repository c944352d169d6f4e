import { EventBus } from '../../../src/common/events/event-bus.js';
import type { DueDelivery } from '../../../src/events/due-delivery.js';
import type {
  Settled,
  SettledDelivery,
  SettlementsRepository,
  SwitchedOffWebhook,
} from '../../../src/events/settlements.repository.js';
import { Settlements } from '../../../src/events/settlements.js';
import { SilentLog } from '../../support/silent-log.js';

/** Lanes without an end: whoever goes on gets a next delivery. */
class EndlessLanes implements Pick<SettlementsRepository, 'settle'> {
  readonly batches: number[] = [];
  switchedOff: SwitchedOffWebhook[] = [];

  settle(settled: readonly SettledDelivery[]): Promise<Settled> {
    this.batches.push(settled.length);
    return Promise.resolve({
      settled,
      next: settled.map(({ delivery }) => delivery),
      switchedOff: this.switchedOff.splice(0),
    });
  }
}

const released = (lane: string): SettledDelivery => ({
  delivery: { webhookId: 'w1', lane } as DueDelivery,
  outcome: { kind: 'released' },
  goOn: true,
});

describe('the outcomes of deliveries', () => {
  function open() {
    const lanes = new EndlessLanes();
    const repository = lanes as unknown as SettlementsRepository;
    const log = new SilentLog();
    return { lanes, log, settlements: new Settlements(repository, new EventBus(log), log) };
  }

  it('that come in while a write is under way are stored together by the next one', async () => {
    const { lanes, settlements } = open();
    const first = settlements.settle(released('a'));
    await Promise.resolve();
    await Promise.resolve();
    await Promise.all([first, settlements.settle(released('b')), settlements.settle(released('c'))]);
    expect(lanes.batches).toEqual([1, 2]);
  });

  it.each([0, 1, 2, 3, 4, 5])('are stored when they come %d turns after a write was told', async (turns) => {
    const { lanes, settlements } = open();
    await settlements.settle(released('a'));
    for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
    const stored: string[] = [];
    void settlements.settle(released('a')).then(() => stored.push('a'));
    await new Promise(setImmediate);
    expect(stored).toEqual(['a']);
    expect(lanes.batches).toEqual([1, 1]);
  });

  it('are logged when they switched a webhook off', async () => {
    const { lanes, log, settlements } = open();
    const webhook = {
      webhookId: 'w1',
      instanceId: 'i1',
      accountId: 'a1',
      instance: 'shop',
      label: 'default',
      reason: 'The receiver answered 410 Gone',
    };
    lanes.switchedOff = [{ ...webhook, at: new Date() }];
    await settlements.settle(released('a'));
    await settlements.settle(released('a'));
    expect(log.lines).toEqual([{ level: 'warn', sentence: 'A webhook was switched off', details: webhook }]);
  });
});
