import { FairTurns, QueueFull, type Turn, type TurnLimits } from '../../../../src/common/async/fair-turns.js';

/** Turns, and who has had one so far; `hold` waits for a turn and keeps it. */
function stage(limits: TurnLimits) {
  const turns = new FairTurns<string>(limits);
  const begun: string[] = [];
  const held: Turn[] = [];
  const hold = (key: string, name = key) =>
    turns.queue(key, (turn) => {
      begun.push(name);
      held.push(turn);
    });
  const endFirst = () => held.shift()?.end();
  return { turns, begun, held, hold, endFirst };
}

const settled = () => new Promise(setImmediate);

describe('fair turns', () => {
  it('serve the keys one after another, however many of one key wait', () => {
    const { begun, hold, endFirst } = stage({ places: 1 });
    for (let n = 0; n < 50; n += 1) hold('many', `many ${n}`);
    hold('few', 'few 0');
    hold('few', 'few 1');
    hold('one', 'one 0');
    for (let n = 0; n < 6; n += 1) endFirst();
    expect(begun).toEqual(['many 0', 'many 1', 'few 0', 'one 0', 'many 2', 'few 1', 'many 3']);
  });

  it('serve whoever of a key came first, first', () => {
    const { begun, hold, endFirst } = stage({ placesPerKey: 1 });
    for (const name of ['first', 'second', 'third']) hold('a', name);
    endFirst();
    endFirst();
    expect(begun).toEqual(['first', 'second', 'third']);
  });

  it('let a key that has all its places wait for itself, and nobody else', () => {
    const { begun, hold, endFirst } = stage({ places: 5, placesPerKey: 2 });
    for (let n = 0; n < 10; n += 1) hold('greedy');
    hold('modest');
    expect(begun).toEqual(['greedy', 'greedy', 'modest']);
    endFirst();
    expect(begun).toEqual(['greedy', 'greedy', 'modest', 'greedy']);
  });

  it('give a place back once, however often a turn ends', () => {
    const { begun, held, hold } = stage({ places: 1, placesPerKey: 1 });
    for (let n = 0; n < 3; n += 1) hold('a');
    const [first] = held;
    first?.end();
    first?.end();
    first?.stepAside();
    expect(begun).toHaveLength(2);
  });

  it('let others begin when one steps aside, but not those of its own key beyond their places', () => {
    const { begun, held, hold } = stage({ places: 1, placesPerKey: 1 });
    hold('silent', 'silent 0');
    hold('silent', 'silent 1');
    hold('other');
    held[0]?.stepAside();
    held[0]?.stepAside();
    expect(begun).toEqual(['silent 0', 'other']);
    held[0]?.end();
    expect(begun).toEqual(['silent 0', 'other']);
    held[1]?.end();
    expect(begun).toEqual(['silent 0', 'other', 'silent 1']);
  });

  it('pass over whoever has left the queue', () => {
    const { turns, begun, hold, endFirst } = stage({ places: 1 });
    hold('a', 'first');
    const leave = hold('a', 'gone');
    hold('a', 'last');
    leave();
    leave();
    expect(turns.waitingOf('a')).toBe(1);
    endFirst();
    expect(begun).toEqual(['first', 'last']);
  });

  it('refuse whoever would wait beyond the bound of its key, and only that one', () => {
    const { turns, begun, hold, endFirst } = stage({ placesPerKey: 1, waitingPerKey: 2 });
    for (let n = 0; n < 3; n += 1) hold('full', `full ${n}`);
    expect(() => hold('full')).toThrow(QueueFull);
    hold('other');
    expect(turns.waitingOf('full')).toBe(2);
    endFirst();
    hold('full', 'full 3');
    expect(begun).toEqual(['full 0', 'other', 'full 1']);
  });

  it('begin nobody while the gate is shut, and go on where they were when it opens', () => {
    let isOpen = false;
    const { turns, begun, hold } = stage({ mayBegin: () => isOpen });
    for (const key of ['a', 'a', 'b']) hold(key);
    expect(begun).toEqual([]);
    isOpen = true;
    turns.advance();
    expect(begun).toEqual(['a', 'b', 'a']);
  });

  it('ask the gate again before each turn', () => {
    let left = 2;
    const turns = new FairTurns<string>({ mayBegin: () => left > 0 });
    const begun: string[] = [];
    for (const key of ['a', 'b', 'c']) {
      turns.queue(key, () => {
        left -= 1;
        begun.push(key);
      });
    }
    expect(begun).toEqual(['a', 'b']);
  });

  it('pass a turn on that ends while it begins', () => {
    const { turns, begun, hold } = stage({ places: 1 });
    for (let n = 0; n < 20_000; n += 1) turns.queue('idle', (turn) => turn.end());
    hold('a');
    expect(begun).toEqual(['a']);
    expect(turns.size).toBe(1);
  });

  it('know how many come before somebody who waits', () => {
    const { turns, begun, hold, endFirst } = stage({ places: 1 });
    hold('first');
    for (let n = 0; n < 10; n += 1) hold('many', `many ${n}`);
    for (let n = 0; n < 2; n += 1) hold('few', `few ${n}`);
    const ahead = turns.ahead('many', 4);
    while (begun.at(-1) !== 'many 4') endFirst();
    expect(begun.length - 2).toBe(ahead);
  });

  it('remember no key that neither holds nor waits', () => {
    const { turns, hold, endFirst } = stage({ places: 1, placesPerKey: 1 });
    for (let n = 0; n < 100; n += 1) hold(`key ${n}`);
    for (let n = 0; n < 100; n += 1) endFirst();
    expect(turns.size).toBe(0);
  });

  it('keep a turn that has ended apart from those that its key takes later', () => {
    const { begun, held, hold } = stage({ places: 1, placesPerKey: 1 });
    hold('a', 'before');
    held[0]?.end();
    hold('a', 'after');
    hold('a', 'waiting');
    held[0]?.end();
    held[0]?.stepAside();
    expect(begun).toEqual(['before', 'after']);
  });

  it('give nobody a turn any more who waited when the queue was cleared', () => {
    const { turns, begun, hold, endFirst } = stage({ places: 1 });
    for (const key of ['a', 'a', 'b']) hold(key);
    turns.clear();
    endFirst();
    expect(begun).toEqual(['a']);
    expect(turns.size).toBe(0);
  });
});

describe('a turn that is waited for', () => {
  it('is given when a place is free', async () => {
    const turns = new FairTurns<string>({ places: 1 });
    const first = await turns.take('a');
    let hasSecond = false;
    const second = turns.take('b').then(() => (hasSecond = true));
    await settled();
    expect(hasSecond).toBe(false);
    first.end();
    await second;
  });

  it('is given up by an abort, which leaves nothing behind', async () => {
    const turns = new FairTurns<string>({ places: 1 });
    const first = await turns.take('a');
    const caller = new AbortController();
    const waiting = turns.take('b', caller.signal);
    caller.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    first.end();
    expect(turns.size).toBe(0);
  });

  it('is not waited for at all after an abort', async () => {
    const turns = new FairTurns<string>({ places: 1 });
    await expect(turns.take('a', AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
    expect(turns.size).toBe(0);
  });

  it('stays with whoever has it when an abort comes later', async () => {
    const turns = new FairTurns<string>({ places: 1 });
    const caller = new AbortController();
    const turn = await turns.take('a', caller.signal);
    caller.abort();
    expect(turns.size).toBe(1);
    turn.end();
    expect(turns.size).toBe(0);
  });

  it('is refused when too many wait', async () => {
    const turns = new FairTurns<string>({ placesPerKey: 1, waitingPerKey: 0 });
    const caller = new AbortController();
    await turns.take('a');
    await expect(turns.take('a', caller.signal)).rejects.toThrow(QueueFull);
    caller.abort();
    expect(turns.waitingOf('a')).toBe(0);
  });
});
