import {
  addTransactionCapability,
  DEFAULT_CONNECTION_CONFIG,
  initAuthCreds,
  type SignalKeyStore,
  type SignalRepositoryWithLIDStore,
} from '@whiskeysockets/baileys';
import { BaileysLogger } from '../../../../src/whatsapp/baileys/baileys-logger.js';
import { memoryKeyStore } from '../../../simulator/memory-key-store.js';
import { SilentLog } from '../../../support/silent-log.js';

/** The Signal side of one device with real libsignal, its keys in memory. */
export interface SignalSide {
  readonly repository: SignalRepositoryWithLIDStore;
  readonly keys: SignalKeyStore;
}

export function signalSide(memory: SignalKeyStore = memoryKeyStore()): SignalSide {
  const logger = new BaileysLogger(new SilentLog(), 'test');
  const keys = addTransactionCapability(memory, logger, { maxCommitRetries: 1, delayBetweenTriesMs: 1 });
  const repository = DEFAULT_CONNECTION_CONFIG.makeSignalRepository({ creds: initAuthCreds(), keys }, logger);
  return { repository, keys: memory };
}
