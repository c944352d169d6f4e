import { EventBus } from '../../../src/common/events/event-bus.js';
import type { DueDelivery } from '../../../src/events/due-delivery.js';
import type { SettledDelivery, SettlementsRepository } from '../../../src/events/settlements.repository.js';
import { Settlements } from '../../../src/events/settlements.js';
import { SilentLog } from '../../support/silent-log.js';

/** Lanes without an end: whoever goes on gets a next delivery. */
class EndlessLanes implements Pick<SettlementsRepository, 'settle'> {
  readonly batches: number[] = [];

  settle(settled: readonly SettledDelivery[]): Promise<DueDelivery[]> {
    this.batches.push(settled.length);
    return Promise.resolve(settled.map(({ delivery }) => delivery));
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
    return { lanes, settlements: new Settlements(repository, new EventBus(new SilentLog())) };
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
});
