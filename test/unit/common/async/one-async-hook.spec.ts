import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { keepStoresInOneStorage } from '../../../../src/common/async/one-async-hook.js';

const separately = () => () => undefined;

describe.each([
  { way: 'as Node does it', install: separately },
  { way: 'in one storage', install: keepStoresInOneStorage },
])('stores of asynchronous contexts, kept $way', ({ install }) => {
  let undo: () => void;
  beforeAll(() => {
    undo = install();
  });
  afterAll(() => undo());

  it('are seen by all that was begun inside, each by its own storage, and by nobody else', async () => {
    const [one, other] = [new AsyncLocalStorage<string>(), new AsyncLocalStorage<string>()];
    const seen = () => [one.getStore(), other.getStore()];
    const later = async () => {
      await nextTurn();
      return seen();
    };
    const inside = await one.run('a', async () => {
      const nested = other.run('b', later);
      const replaced = one.run('c', later);
      return [await nested, await replaced, await later()];
    });
    expect(inside).toEqual([
      ['a', 'b'],
      ['c', undefined],
      ['a', undefined],
    ]);
    expect(seen()).toEqual([undefined, undefined]);
  });

  it('pass on arguments, results and errors', () => {
    const storage = new AsyncLocalStorage<number>();
    expect(storage.run(1, (a: number, b: number) => a + b + (storage.getStore() ?? 0), 2, 3)).toBe(6);
    const fail = () => {
      throw new Error('inside');
    };
    expect(() => storage.run(1, fail)).toThrow('inside');
    expect(storage.getStore()).toBeUndefined();
  });

  it('are entered, left for a while, and gone once the storage is disabled', async () => {
    const storage = new AsyncLocalStorage<string>();
    await Promise.resolve().then(async () => {
      storage.enterWith('a');
      await nextTurn();
      expect(storage.getStore()).toBe('a');
      expect(storage.exit(() => storage.getStore())).toBeUndefined();
      const resume = AsyncLocalStorage.snapshot() as (read: () => unknown) => unknown;
      expect(storage.run('b', () => resume(() => storage.getStore()))).toBe('a');
      storage.disable();
      expect(storage.getStore()).toBeUndefined();
      expect(storage.run('c', () => storage.getStore())).toBe('c');
    });
  });
});

it('a storage that keeps its stores in the common one adds no hook to promises', () => {
  const undo = keepStoresInOneStorage();
  const storage = new AsyncLocalStorage<string>();
  storage.run('a', () => undefined);
  undo();
  expect(Reflect.get(storage, 'enabled')).not.toBe(true);
});
