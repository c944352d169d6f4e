import type { Stage } from '../test/support/stage.js';
import { numbersFromArguments } from './support/arguments.js';
import { SlowClients } from './support/slow-clients.js';
import { quantile } from './support/statistics.js';
import { runOnStage } from './support/with-stage.js';

/**
 * Hundreds of clients that never finish what they send, replaced as soon as they are cut, while ordinary requests come
 * one after the other. `--timeout` is REQUEST_TIMEOUT_SECONDS of the product; those who are slow with their headers have
 * half of it.
 *
 *   npm run slowloris -- --connections 500 --seconds 10
 */
const { connections, seconds, timeout } = numbersFromArguments({ connections: 500, seconds: 10, timeout: 4 });

const BETWEEN_REQUESTS_MS = 10;
const BASELINE_MS = 2000;
/** Generous: on two cores that do other work, everything is slow for a moment. */
const P99_LIMIT_MS = 500;
/** The server looks once a second; the rest is for a busy machine. */
const LATENESS_MS = 3000;

interface Served {
  readonly tookMs: readonly number[];
  readonly failed: number;
}

await runOnStage(
  { LOG_LEVEL: 'warn', REQUEST_TIMEOUT_SECONDS: String(timeout), MAX_CONNECTIONS: '100000' },
  async (stage, say) => {
    await serve(stage, BASELINE_MS);
    const alone = await serve(stage, BASELINE_MS);
    say(`alone: p99 ${round(quantile(alone.tookMs, 0.99))} ms; now with ${connections} slow clients`);
    const slow = new SlowClients(stage.product.url, connections);
    const under = await serve(stage, seconds * 1000);
    say(`${slow.all.length} slow clients so far, ${slow.cut().length} of them cut`);
    await slow.end((timeout + 1) * 1000 + LATENESS_MS);
    const livedMs = slow.cut().map(({ livedMs = Infinity }) => livedMs);
    const p99 = quantile(under.tookMs, 0.99);
    const left = slow.all.length - slow.cut().length;
    slow.destroy();
    const longestMs = quantile(livedMs, 1);
    return {
      figures: {
        connections,
        seconds,
        timeout_seconds: timeout,
        slow_clients: slow.all.length,
        cut: livedMs.length,
        lived_ms_max: round(longestMs),
        requests: under.tookMs.length,
        failed_requests: under.failed,
        p50_ms: round(quantile(under.tookMs, 0.5)),
        p99_ms: round(p99),
        alone_p99_ms: round(quantile(alone.tookMs, 0.99)),
      },
      violations: [
        ...(left > 0 ? [`${left} slow clients were not cut`] : []),
        ...(longestMs > timeout * 1000 + LATENESS_MS ? [`a slow client lived ${round(longestMs)} ms`] : []),
        ...(under.failed > 0 ? [`${under.failed} ordinary requests failed`] : []),
        ...(p99 > P99_LIMIT_MS ? [`ordinary requests took ${round(p99)} ms (p99)`] : []),
      ],
    };
  },
);

async function serve(stage: Stage, durationMs: number): Promise<Served> {
  const untilMs = performance.now() + durationMs;
  const tookMs: number[] = [];
  let failed = 0;
  while (performance.now() < untilMs) {
    const startedMs = performance.now();
    const status = await stage.get('/api/instance/list').then(
      (answer) => answer.status,
      () => 0,
    );
    tookMs.push(performance.now() - startedMs);
    if (status !== 200) failed += 1;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_REQUESTS_MS));
  }
  return { tookMs, failed };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
