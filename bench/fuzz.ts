import { FuzzRun } from './fuzz/fuzz-run.js';
import { numbersFromArguments } from './support/arguments.js';
import { runOnStage } from './support/with-stage.js';

/** Requests made from the product's own OpenAPI document, most of them nearly right; every answer is judged by it. */
const { requests, seed } = numbersFromArguments({ requests: 100_000, seed: 1 });

await runOnStage({ LOG_LEVEL: 'error', SESSION_OPENS_PER_SECOND: '0' }, async (stage, say) => {
  const report = await FuzzRun.on(stage, { requests, seed, say });
  return {
    figures: {
      requests: report.requests,
      requests_per_second: report.requestsPerSecond,
      status_counts: report.statusCounts,
      operations_reached: `${report.operationsReached} of ${report.operations}`,
    },
    violations: report.violations,
  };
});
