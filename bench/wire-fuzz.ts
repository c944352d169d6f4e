import { numbersFromArguments } from './support/arguments.js';
import { SeededRandom } from './support/seeded-random.js';
import { WireFuzz } from './support/wire-fuzz.js';
import { runOnStage } from './support/with-stage.js';

/** Sends stanzas that no server should send to logged-in sessions, and checks that nothing breaks. */
const { stanzas, seed } = numbersFromArguments({ stanzas: 10_000, seed: 1 });

await runOnStage({ LOG_LEVEL: 'warn' }, async (stage, say) => {
  say(`seed ${seed}, ${stanzas} stanzas`);
  const { figures, violations } = await new WireFuzz(stage, new SeededRandom(seed), say).run(stanzas);
  return { figures: { seed, ...figures }, violations };
});
