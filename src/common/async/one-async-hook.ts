import { AsyncLocalStorage } from 'node:async_hooks';

type Storage = AsyncLocalStorage<unknown>;
/** By the key of each storage. */
type Stores = ReadonlyMap<symbol, unknown>;

/**
 * Before Node 24 each `AsyncLocalStorage` that was ever used makes every promise of the process more expensive, in time and memory,
 * also after it is forgotten. Baileys 7.0.0-rc14 makes one for each socket. Here all of them keep their stores in one,
 * so that their number costs nothing. Does nothing where Node keeps them without a hook on promises.
 * @returns what undoes it
 */
export function keepStoresInOneStorage(): () => void {
  const { prototype } = AsyncLocalStorage as { prototype: Storage };
  if (!Reflect.has(prototype, '_enable')) return () => undefined;
  const common = new AsyncLocalStorage<Stores>();
  const keys = new WeakMap<Storage, symbol>();
  const withStore = (storage: Storage, store: unknown): Stores => {
    const key = keys.get(storage) ?? Symbol('storage');
    keys.set(storage, key);
    return new Map(common.getStore()).set(key, store);
  };

  const shared = {
    run(this: Storage, store: unknown, callback: (...args: unknown[]) => unknown, ...args: unknown[]) {
      return common.run(withStore(this, store), callback, ...args);
    },
    getStore(this: Storage) {
      const key = keys.get(this);
      return key && common.getStore()?.get(key);
    },
    enterWith(this: Storage, store: unknown) {
      common.enterWith(withStore(this, store));
    },
    exit(this: Storage, callback: (...args: unknown[]) => unknown, ...args: unknown[]) {
      return this.run(undefined, callback, ...args);
    },
    disable(this: Storage) {
      // Whatever was kept under the key is out of reach.
      keys.delete(this);
    },
  };
  const native = Object.fromEntries(
    Object.keys(shared).map((name): [string, unknown] => [name, Reflect.get(prototype, name)]),
  );
  Object.assign(common, native);
  Object.assign(prototype, shared);
  return () => void Object.assign(prototype, native);
}
