/**
 * What a session costs and what a call costs: memory, CPU and database, beside the bare library on the same simulator. Progress
 * first; the last line is the result as JSON.
 *
 *   npm run bench:sessions -- --sessions 200 --minutes 1
 *   npm run bench:sessions -- --sessions 10000 --call-rate 10
 */
import { numbersFromArguments } from './support/arguments.js';
import { useChosenNode } from './support/chosen-node.js';
import { runBare } from './sessions/bare-run.js';
import { BenchWorld } from './sessions/bench-world.js';
import { measureCalls } from './sessions/call-phase.js';
import { planCalls } from './sessions/call-plan.js';
import { stepSizes } from './sessions/growth.js';
import { MeasuredProduct } from './sessions/measured-product.js';
import { restoreAll, runProduct } from './sessions/product-run.js';
import { figuresOf, missedTargets } from './sessions/targets.js';

useChosenNode();
const options = numbersFromArguments(
  {
    sessions: 200,
    minutes: 1,
    steps: 4,
    /** Calls a second, for how long, and how many phones ring at once. */
    'call-rate': 50,
    'call-seconds': 60,
    rings: 200,
  },
  ['minutes'],
);
const { sessions, minutes, steps } = options;
if (sessions < 50 || steps < 2) throw new RangeError('--sessions must be 50 or more and --steps 2 or more');
if (Math.min(options['call-rate'], options['call-seconds'], options.rings) < 1)
  throw new RangeError('--call-rate, --call-seconds and --rings must be 1 or more');

const world = await BenchWorld.open({ sizes: stepSizes(sessions, steps), idleSeconds: minutes * 60 });
let product: MeasuredProduct | undefined;
try {
  world.say(`Node ${process.version}, ${sessions} sessions`);
  const plan = await planCalls(world, {
    perSecond: options['call-rate'],
    seconds: options['call-seconds'],
    rings: options.rings,
  });
  const bare = await runBare(world, plan);
  product = await MeasuredProduct.start(world, { WEBHOOK_ALLOW_PRIVATE: 'true' });
  const opened = await runProduct(world, product);
  const calls = await measureCalls(world, product, opened.tenants, plan);
  const restored = await restoreAll(world, product, sessions + calls.linked);
  const simulator = await world.simulator.ask('state', null);
  const measured = { sessions, bare, opened, calls, restored, violations: simulator.violations };
  const missed = missedTargets(measured);
  for (const line of missed) world.say(`MISSED ${line}`);
  if (simulator.firstViolation !== undefined) world.say(`VIOLATION ${simulator.firstViolation}`);
  const ok = missed.length === 0;
  world.say(JSON.stringify({ node: process.version, ...figuresOf(measured), missed: missed.length, ok }));
  process.exitCode = ok ? 0 : 1;
} finally {
  await product?.close();
  await world.close();
}
