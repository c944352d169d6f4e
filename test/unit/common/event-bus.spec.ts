import { EventBus } from '../../../src/common/events/event-bus.js';
import { SilentLog } from '../../support/silent-log.js';

class Rang {
  constructor(readonly callId: string) {}
}

class Stopped {}

describe('event bus', () => {
  it('tells each listener of a type, in order, and waits for them', async () => {
    const bus = new EventBus(new SilentLog());
    const heard: string[] = [];
    bus.on(Rang, async ({ callId }) => {
      await Promise.resolve();
      heard.push(`first ${callId}`);
    });
    bus.on(Rang, ({ callId }) => void heard.push(`second ${callId}`));
    bus.on(Stopped, () => void heard.push('stopped'));
    await bus.publish(new Rang('A'));
    expect(heard).toEqual(['first A', 'second A']);
  });

  it('logs a failing reaction and goes on with the others', async () => {
    const log = new SilentLog();
    const bus = new EventBus(log);
    const heard: string[] = [];
    bus.on(Rang, () => Promise.reject(new Error('broken')));
    bus.on(Rang, () => void heard.push('second'));
    await bus.publish(new Rang('A'));
    expect(heard).toEqual(['second']);
    expect(log.sentences('error')).toEqual(['A reaction to an event failed']);
  });

  it('is silent after the subscription ended', async () => {
    const bus = new EventBus(new SilentLog());
    let count = 0;
    const end = bus.on(Rang, () => void (count += 1));
    end();
    await bus.publish(new Rang('A'));
    expect(count).toBe(0);
  });
});
