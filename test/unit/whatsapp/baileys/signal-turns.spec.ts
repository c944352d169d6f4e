import { setTimeout } from 'node:timers/promises';
import type { SignalKeyStore, SignalRepositoryWithLIDStore } from '@whiskeysockets/baileys';
import { withTurns } from '../../../../src/whatsapp/baileys/signal-turns.js';
import { memoryKeyStore } from '../../../simulator/memory-key-store.js';
import { signalBundle } from '../support/signal-bundle.js';
import { signalSide } from '../support/signal-side.js';

const CALLEE = '123456789012345@lid';

/** A store that needs a while for a read, like a database. */
function slowStore(readMs: number): SignalKeyStore {
  const memory = memoryKeyStore();
  return {
    ...memory,
    get: async (type, ids) => {
      await setTimeout(readMs);
      return memory.get(type, ids);
    },
  };
}

/** Two in a row. The text is always the same, so that two equal results give away a counter that was used twice. */
async function encryptTwice(repository: SignalRepositoryWithLIDStore): Promise<string[]> {
  const encrypt = () => repository.encryptMessage({ jid: CALLEE, data: Buffer.from('the same text') });
  const sealed = [await encrypt(), await encrypt()];
  return sealed.map(({ ciphertext }) => Buffer.from(ciphertext).toString('hex'));
}

describe('accounts that call the same number at once', () => {
  it('never use a counter of a Signal session twice', async () => {
    const accounts = [1, 2, 3].map((readMs) => withTurns(signalSide(slowStore(readMs)).repository));
    const sealed = accounts.map((): string[] => []);

    await Promise.all(
      accounts.map((account) => account.injectE2ESession({ jid: CALLEE, session: signalBundle() })),
    );
    for (let round = 0; round < 3; round += 1) {
      const results = await Promise.all(accounts.map(encryptTwice));
      for (const [index, result] of results.entries()) sealed[index]?.push(...result);
    }

    expect(sealed.map((all) => new Set(all).size)).toEqual([6, 6, 6]);
  });
});
