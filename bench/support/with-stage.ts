import { startTestPostgres } from '../../test/support/postgres.js';
import { Stage } from '../../test/support/stage.js';
import type { Findings } from './findings.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * Runs against the built product, the simulator and a throwaway PostgreSQL. The last line printed is one JSON object with
 * the figures, the number of violations and whether the run is `ok`; the exit code is 0 only then.
 */
export async function runOnStage(
  env: Readonly<Record<string, string>>,
  work: (stage: Stage, say: (line: string) => void) => Promise<Findings>,
): Promise<void> {
  const postgres = await startTestPostgres();
  process.env.TEST_DATABASE_URL = postgres.url;
  let stage: Stage | undefined;
  try {
    stage = await Stage.open(env);
    const { figures, violations } = await work(stage, say);
    for (const violation of violations) say(`VIOLATION ${violation}`);
    const ok = violations.length === 0;
    say(JSON.stringify({ ...figures, violations: violations.length, ok }));
    process.exitCode = ok ? 0 : 1;
  } finally {
    await stage?.close();
    await postgres.stop();
  }
}
