import { PostgresProcesses } from '../test/support/postgres-processes.js';
import { numbersFromArguments } from './support/arguments.js';
import { Outage, type OutageReport } from './support/outage.js';
import { quantile } from './support/statistics.js';
import { runOnStage } from './support/with-stage.js';

/** Takes the database away under ringing phones, in several ways, and checks answers, hang-ups and the time to recover. */
const { seconds, rounds } = numbersFromArguments({ seconds: 30, rounds: 1 });

/** It is started again at once. */
const DEATH_MS = 50;

await runOnStage({ LOG_LEVEL: 'silent' }, async (stage, say) => {
  const processes = await PostgresProcesses.of(process.env.TEST_DATABASE_URL ?? '');
  await stage.linkedInstance('shop', '491510000300');
  let lastNumber = 491590000300;
  const newNumber = (): string => {
    lastNumber += 1;
    stage.simulator.addContact({ number: String(lastNumber) });
    return String(lastNumber);
  };
  const outage = (): Outage => new Outage(stage, 'shop', newNumber);
  const reports: OutageReport[] = [];
  const report = (words: string, one: OutageReport): void => {
    reports.push(one);
    const slowest = Math.max(...one.answersMs);
    say(
      `${words}: ${one.answersMs.length} answers, the slowest after ${slowest} ms, normal after ${one.recoveryMs} ms`,
    );
  };
  for (let round = 1; round <= rounds; round += 1) {
    const frozen = await outage().run(
      () => processes.freeze(),
      seconds * 1000,
      () => processes.thaw(),
    );
    report(`stopped for ${seconds} s`, frozen);
    report(
      'killed',
      await outage().run(
        () => processes.kill(),
        DEATH_MS,
        () => undefined,
      ),
    );
  }
  const answersMs = reports.flatMap((one) => one.answersMs);
  return {
    figures: {
      rounds,
      seconds,
      answers: answersMs.length,
      answer_ms_p50: quantile(answersMs, 0.5),
      answer_ms_max: quantile(answersMs, 1),
      hangup_drift_ms_max: quantile(
        reports.flatMap((one) => one.hangUpDriftMs),
        1,
      ),
      recovery_ms_max: quantile(
        reports.map(({ recoveryMs }) => recoveryMs),
        1,
      ),
    },
    violations: [...reports.flatMap(({ violations }) => violations), ...stage.simulator.violations],
  };
});
