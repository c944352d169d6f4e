import type { SignalDataSet, SignalDataTypeMap, SignalKeyStore } from '@whiskeysockets/baileys';

type Tables = { [T in keyof SignalDataTypeMap]: Map<string, SignalDataTypeMap[T]> };

/** Signal keys in memory, for simulated devices and for clients under test that need no database. */
export function memoryKeyStore(): SignalKeyStore {
  const tables: Tables = {
    'pre-key': new Map(),
    session: new Map(),
    'sender-key': new Map(),
    'sender-key-memory': new Map(),
    'app-state-sync-key': new Map(),
    'app-state-sync-version': new Map(),
    'lid-mapping': new Map(),
    'device-list': new Map(),
    tctoken: new Map(),
    'identity-key': new Map(),
  };
  return {
    get: (type, ids) => read(tables, type, ids),
    set: (data) => {
      write(tables, data, 'pre-key');
      write(tables, data, 'session');
      write(tables, data, 'sender-key');
      write(tables, data, 'sender-key-memory');
      write(tables, data, 'app-state-sync-key');
      write(tables, data, 'app-state-sync-version');
      write(tables, data, 'lid-mapping');
      write(tables, data, 'device-list');
      write(tables, data, 'tctoken');
      write(tables, data, 'identity-key');
    },
  };
}

function read<T extends keyof SignalDataTypeMap>(
  tables: Tables,
  type: T,
  ids: string[],
): Record<string, SignalDataTypeMap[T]> {
  const found: Record<string, SignalDataTypeMap[T]> = {};
  for (const id of ids) {
    const value = tables[type].get(id);
    if (value !== undefined) found[id] = value;
  }
  return found;
}

function write<T extends keyof SignalDataTypeMap>(tables: Tables, data: SignalDataSet, type: T): void {
  for (const [id, value] of Object.entries<SignalDataTypeMap[T] | null>(data[type] ?? {})) {
    if (value === null) tables[type].delete(id);
    else tables[type].set(id, value);
  }
}
