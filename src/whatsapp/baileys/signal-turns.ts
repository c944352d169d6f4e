import type { SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys';
import { KeyedQueue } from '../../common/async/keyed-queue.js';

/** For all sockets of the process, as libsignal's own queue is. */
const turns = new KeyedQueue();

/**
 * Lets one job at a time work on a Signal address, over all sockets of the process.
 *
 * libsignal 6.0.0 queues its jobs by address for the whole process (`queue_job.js`) and runs those that queued up in the
 * asynchronous context of the first of them. Baileys 7.0.0-rc14 keeps the transaction of each socket in that very
 * context (`addTransactionCapability`). When two accounts call the same number at once, the second job would therefore
 * read from, and write into, a transaction that is over, and the counter of the session would be used a second time.
 */
export function withTurns(repository: SignalRepositoryWithLIDStore): SignalRepositoryWithLIDStore {
  const addressOf = (jid: string): string => repository.jidToSignalProtocolAddress(jid);
  const encrypt = repository.encryptMessage.bind(repository);
  const decrypt = repository.decryptMessage.bind(repository);
  const inject = repository.injectE2ESession.bind(repository);
  repository.encryptMessage = (message) => turns.run(addressOf(message.jid), () => encrypt(message));
  repository.decryptMessage = (message) => turns.run(addressOf(message.jid), () => decrypt(message));
  repository.injectE2ESession = (bundle) => turns.run(addressOf(bundle.jid), () => inject(bundle));
  return repository;
}
