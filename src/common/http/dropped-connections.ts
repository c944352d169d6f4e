import type { Server } from 'node:http';
import type { Log } from '../logging/log.js';
import type { Clock } from '../time/clock.js';
import type { PlaceLimits } from './connection-places.js';

const REPORT_EVERY_MS = 60_000;

/** Logs that connections were closed because too many are open: the first at once, then once a minute. */
export function reportDroppedConnections(
  server: Server,
  { maxConnections, maxConnectionsPerAddress }: PlaceLimits,
  log: Log,
  clock: Clock,
): void {
  let dropped = 0;
  let lastReportMs = -Infinity;
  server.on('drop', () => {
    dropped += 1;
    if (clock.monotonicMs() - lastReportMs < REPORT_EVERY_MS) return;
    log.warn('Connections were closed, because too many are open', {
      dropped,
      maxConnections,
      maxConnectionsPerAddress,
    });
    lastReportMs = clock.monotonicMs();
    dropped = 0;
  });
}
