import { FuzzRun } from '../../bench/fuzz/fuzz-run.js';
import { Stage } from '../support/stage.js';

const REQUESTS = 2000;
/** Always the same here; `npm run fuzz -- --seed N` is for others. */
const SEED = 1;
/** Below this the requests would be nonsense rather than nearly right: it takes a good one to get a success. */
const MIN_REACHED = 0.6;

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
    expect(report.operationsReached).toBeGreaterThan(report.operations * MIN_REACHED);
  }, 120_000);
});
