import { createServer, type AddressInfo } from 'node:net';
import { serveParent } from '../support/remote.js';
import { ATTACKS, type Attack, type AttackName, type Means } from './attacks.js';

/** A proxy that takes connections and never says anything. */
const silentProxy = createServer((socket) => socket.on('error', () => undefined));
await new Promise<void>((resolve) => silentProxy.listen(0, '127.0.0.1', resolve));

let attack: Attack | undefined;

const handlers = {
  prepare: async ({ name, means }: { name: AttackName; means: Means }) => {
    attack = new ATTACKS[name](means);
    await attack.prepare();
  },

  begin: (_: null) => attack?.begin(),

  /** What the attack saw. */
  end: async (_: null) => {
    await attack?.end();
    return attack?.seen ?? {};
  },

  silentProxyPort: (_: null) => (silentProxy.address() as AddressInfo).port,
};

export type AttackerHandlers = typeof handlers;

serveParent(handlers);
