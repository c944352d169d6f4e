/**
 * Sends events to a receiver that fails a share of all tries while the delivering process is replaced again and again, and checks that every
 * event arrives, in the order of its call. The last line is the result as JSON; the exit code tells whether it holds.
 *
 *   node dist-tools/bench/chaos-webhooks.js --events 10000 --seed 1 --failing-percent 20 --restarts 10
 */
import { runWebhookChaos } from '../test/support/webhook-chaos.js';
import { numbersFromArguments } from './support/arguments.js';
import { withScratchDatabase } from './support/scratch-database.js';

const {
  events,
  seed,
  'failing-percent': failingPercent,
  restarts,
} = numbersFromArguments({ events: 10_000, seed: 1, 'failing-percent': 20, restarts: 10 });

let shownAtMs = 0;
const report = await withScratchDatabase((dataSource) =>
  runWebhookChaos(dataSource, {
    events,
    seed,
    failing: failingPercent / 100,
    restarts,
    onProgress: (delivered) => {
      if (performance.now() - shownAtMs < 1000) return;
      shownAtMs = performance.now();
      console.log(`${delivered} of ${events} delivered`);
    },
  }),
);
const ok = report.lost === 0 && report.outOfOrder === 0 && report.leftOver === 0;
console.log(JSON.stringify({ seed, ...report, ok }));
process.exitCode = ok ? 0 : 1;
