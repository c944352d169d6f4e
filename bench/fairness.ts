import path from 'node:path';
import type { AttackerHandlers } from './fairness/attacker-main.js';
import { FairnessRun } from './fairness/fairness-run.js';
import { BenchWorld } from './sessions/bench-world.js';
import { MeasuredProduct } from './sessions/measured-product.js';
import { numbersFromArguments } from './support/arguments.js';
import { Remote } from './support/remote.js';

/**
 * A quiet tenant alone, and again beside a tenant that attacks in one way after the other, with the default settings of the
 * product. For each attack: what the quiet one waits for its answers, for its events, and how exactly its phones ring.
 *
 *   npm run bench:fairness -- --seconds 20            # --only 3: just the third attack
 */
const sizes = numbersFromArguments({ seconds: 20, rows: 500_000, connections: 10_050, proxied: 60, only: 0 });

const ATTACKER_MAIN = path.resolve('dist-tools/bench/fairness/attacker-main.js');

const world = await BenchWorld.open({ sizes: [], idleSeconds: 0 });
const attacker = Remote.start<AttackerHandlers>(ATTACKER_MAIN);
try {
  const product = await MeasuredProduct.start(world, {
    // Every limit as nobody has set it, but for the way into the loopback network and for what only the set-up needs.
    RATE_LIMIT_PER_TOKEN: '100',
    RATE_LIMIT_INSTANCE_NEW: '1000',
    SESSION_OPENS_PER_SECOND: '5',
    WEBHOOK_ALLOW_PRIVATE: 'true',
    PROXY_ALLOW_PRIVATE: 'true',
  });
  try {
    const run = new FairnessRun(world, product, attacker, sizes);
    const { figures, violations } = await run.run();
    for (const violation of violations) world.say(`VIOLATION ${violation}`);
    const ok = violations.length === 0;
    world.say(JSON.stringify({ ...sizes, ...figures, violations: violations.length, ok }));
    process.exitCode = ok ? 0 : 1;
  } finally {
    await product.close();
  }
} finally {
  await attacker.stop();
  await world.close();
}
