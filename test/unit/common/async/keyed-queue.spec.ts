import { KeyedQueue } from '../../../../src/common/async/keyed-queue.js';

function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

describe('KeyedQueue', () => {
  it('runs work of one key one after another, in the order of arrival', async () => {
    const queue = new KeyedQueue();
    const first = gate();
    const story: string[] = [];
    const work = (name: string, wait?: Promise<void>) => async () => {
      story.push(`${name} begins`);
      await wait;
      story.push(`${name} ends`);
    };
    const done = [queue.run('a', work('one', first.opened)), queue.run('a', work('two'))];
    await new Promise(setImmediate);
    expect(story).toEqual(['one begins']);
    first.open();
    await Promise.all(done);
    expect(story).toEqual(['one begins', 'one ends', 'two begins', 'two ends']);
  });

  it('does not let one key wait for another', async () => {
    const queue = new KeyedQueue();
    const held = gate();
    const waiting = queue.run('a', () => held.opened);
    await expect(queue.run('b', () => 'done')).resolves.toBe('done');
    held.open();
    await waiting;
  });

  it('tells a failure to its caller only, and goes on', async () => {
    const queue = new KeyedQueue();
    const failing = queue.run('a', () => Promise.reject(new Error('broken')));
    const next = queue.run('a', () => 'fine');
    await expect(failing).rejects.toThrow('broken');
    await expect(next).resolves.toBe('fine');
  });

  it('is idle when all work is done, the work that came meanwhile included, and remembers no key', async () => {
    const queue = new KeyedQueue();
    const story: string[] = [];
    void queue.run('a', async () => {
      await new Promise(setImmediate);
      story.push('first');
      void queue.run('b', async () => {
        await new Promise(setImmediate);
        story.push('second');
      });
    });
    await queue.idle();
    expect(story).toEqual(['first', 'second']);
    expect(queue.size).toBe(0);
  });
});
