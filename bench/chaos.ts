import { addCallees } from './support/chaos-callees.js';
import type { WantedCall } from './support/chaos-request.js';
import { ChaosRound, type Kills } from './support/chaos-round.js';
import { numbersFromArguments } from './support/arguments.js';
import { SeededRandom } from './support/seeded-random.js';
import { quantile } from './support/statistics.js';
import { runOnStage } from './support/with-stage.js';

/** Kills the product with SIGKILL at random instants under calls, and checks that the next process puts all in order. */
const { rounds, seed } = numbersFromArguments({ rounds: 20, seed: 1 });

const INSTANCES = ['chaos-a', 'chaos-b', 'chaos-c'];
const FIRST_CALLER = 491510000100;

const random = new SeededRandom(seed);

function wantedCalls(round: number, callees: readonly string[]): WantedCall[] {
  return random.sample(callees, random.integer(5, 10)).map((number) => ({
    instance: random.pick(INSTANCES),
    number,
    durationSeconds: random.integer(1, 3),
    key: random.chance(0.7) ? `seed-${seed}-round-${round}-${number}` : undefined,
    afterMs: random.integer(0, 1200),
  }));
}

/**
 * A call is written down before its offer leaves. After a kill in between nobody knows whether it left, so the next process
 * hangs it up, and the server may hear of it for the first time.
 */
function isFault(violation: string): boolean {
  return !violation.endsWith(': terminate for an unknown call');
}

function kills(): Kills {
  const startsMs = random.chance(0.3) ? [random.integer(200, 2500)] : [];
  return { afterMs: random.integer(0, 3000), startsMs };
}

await runOnStage({ SESSION_OPENS_PER_SECOND: '0', LOG_LEVEL: 'warn' }, async (stage, say) => {
  const { simulator } = stage;
  const callees = addCallees(simulator);
  for (const [index, name] of INSTANCES.entries())
    await stage.linkedInstance(name, String(FIRST_CALLER + index));
  const hangUpsMs: number[] = [];
  const violations: string[] = [];
  let calls = 0;
  let killCount = 0;
  let pairings = 0;
  simulator.on('stanza', ({ direction, node }) => {
    const [child] = Array.isArray(node.content) ? node.content : [];
    if (direction === 'out' && child?.tag === 'pair-device') pairings += 1;
  });
  say(`seed ${seed}, ${rounds} rounds`);

  for (let round = 1; round <= rounds; round += 1) {
    const wanted = wantedCalls(round, callees);
    const plan = kills();
    const report = await new ChaosRound(stage, wanted).run(plan);
    calls += report.offers;
    killCount += 1 + plan.startsMs.length;
    hangUpsMs.push(...report.hangUpAfterRestartMs);
    const found = [...report.violations, ...simulator.violations.splice(0).filter(isFault)];
    violations.push(...found.map((text) => `round ${round}: ${text}`));
    say(
      `round ${round}/${rounds}: ${wanted.length} requests, SIGKILL after ${[plan.afterMs, ...plan.startsMs].join(' and ')} ms ` +
        `with ${report.ringingWhenKilled} phones ringing, ${report.offers} offers, ` +
        `last hang-up after ${Math.max(0, ...report.hangUpAfterRestartMs)} ms, ${found.length} violations`,
    );
  }
  if (pairings > 0) violations.push(`${pairings} QR codes were asked for`);
  return {
    figures: {
      seed,
      rounds,
      calls,
      kills: killCount,
      hangup_after_restart_ms_p50: quantile(hangUpsMs, 0.5),
      hangup_after_restart_ms_max: quantile(hangUpsMs, 1),
    },
    violations,
  };
});
