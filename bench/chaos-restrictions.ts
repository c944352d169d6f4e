import { numbersFromArguments } from './support/arguments.js';
import { RestrictionRound, type Restriction } from './support/restriction-round.js';
import { SeededRandom } from './support/seeded-random.js';
import { quantile } from './support/statistics.js';
import { runOnStage } from './support/with-stage.js';

/**
 * Restricts accounts at random moments under calls, in every way that WhatsApp has, and checks that each is left alone from
 * the refusal on until the end, that its calls are answered with 429 meanwhile, and that it is lifted by itself.
 */
const { rounds, seed } = numbersFromArguments({ rounds: 10, seed: 1 });

const FIRST_CALLER = 491510000200;
const FIRST_CALLEE = 491590000200;
const INSTANCES = 4;
const CALLEES = 12;
const KINDS = ['limited', 'locked', 'noticed'] as const;
const PAUSE_SECONDS = 6;

const random = new SeededRandom(seed);

/** A kill between the note of a call and its offer makes the next process hang up a call that never left. */
function isFault(violation: string): boolean {
  return !violation.endsWith(': terminate for an unknown call');
}

await runOnStage(
  {
    SESSION_OPENS_PER_SECOND: '0',
    LOG_LEVEL: 'warn',
    RESTRICTION_PAUSE_SECONDS: String(PAUSE_SECONDS),
  },
  async (stage, say) => {
    const { simulator } = stage;
    const callers = Array.from({ length: INSTANCES }, (_, index) => ({
      name: `guard-${index}`,
      number: String(FIRST_CALLER + index),
    }));
    for (const { name, number } of callers) await stage.linkedInstance(name, number);
    const callees = Array.from({ length: CALLEES }, (_, index) => String(FIRST_CALLEE + index));
    for (const number of callees) simulator.addContact({ number });
    const sums = { calls: 0, heldBack: 0, restrictions: 0, restarts: 0 };
    const liftedAfterMs: number[] = [];
    const violations: string[] = [];
    say(`seed ${seed}, ${rounds} rounds`);

    for (let round = 1; round <= rounds; round += 1) {
      const restrictions = random
        .sample(callers, random.integer(1, INSTANCES - 1))
        .map((caller): Restriction => ({
          ...caller,
          kind: random.pick(KINDS),
          afterMs: random.integer(0, 1_500),
          seconds: random.integer(PAUSE_SECONDS - 1, PAUSE_SECONDS + 2),
        }));
      const killsAfterMs = random.chance(0.3) ? random.integer(2_000, 4_000) : undefined;
      const plan = {
        callers,
        callees,
        restrictions,
        killsAfterMs,
        // Of its own: how often the load asks for numbers depends on the machine, and must not change the next plan.
        random: new SeededRandom(seed + round),
      };
      const report = await new RestrictionRound(stage, plan).run();
      sums.calls += report.calls;
      sums.heldBack += report.heldBack;
      sums.restrictions += restrictions.length;
      sums.restarts += killsAfterMs === undefined ? 0 : 1;
      liftedAfterMs.push(...report.liftedAfterMs);
      const found = [...report.violations, ...simulator.violations.splice(0).filter(isFault)];
      violations.push(...found.map((text) => `round ${round}: ${text}`));
      say(
        `round ${round}/${rounds}: ${restrictions.map(({ name, kind }) => `${name} ${kind}`).join(', ')}` +
          `${killsAfterMs === undefined ? '' : ', one SIGKILL'}: ${report.calls} calls, ${report.heldBack} held back, ` +
          `lifted at most ${Math.max(0, ...report.liftedAfterMs)} ms late, ${found.length} violations`,
      );
    }
    return {
      figures: {
        seed,
        rounds,
        restrictions: sums.restrictions,
        restarts: sums.restarts,
        calls: sums.calls,
        calls_held_back: sums.heldBack,
        lifted_late_ms_p50: quantile(liftedAfterMs, 0.5),
        lifted_late_ms_max: quantile(liftedAfterMs, 1),
      },
      violations,
    };
  },
);
