import { FuzzRun } from '../../bench/fuzz/fuzz-run.js';
import { Stage } from '../support/stage.js';

const REQUESTS = 2000;
/** Another one each day; `npm run fuzz -- --seed N` repeats it. */
const SEED = Math.floor(Date.now() / 86_400_000);

describe('hostile requests', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ LOG_LEVEL: 'error' });
  });

  afterAll(() => stage.close());

  it('are all answered as the documentation says', async () => {
    const lines: string[] = [];
    const report = await FuzzRun.on(stage, {
      requests: REQUESTS,
      seed: SEED,
      say: (line) => lines.push(line),
    });
    expect({ seed: SEED, violations: report.violations }).toEqual({ seed: SEED, violations: [] });
    expect(report.requests).toBe(REQUESTS);
    expect(report.operationsReached).toBeGreaterThan(report.operations * 0.8);
  });
});
