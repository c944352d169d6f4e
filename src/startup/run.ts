import { ConfigurationError, loadAppConfig, type AppConfig } from '../config/app-config.js';
import type { Log } from '../common/logging/log.js';
import { PinoLog } from '../common/logging/pino-log.js';
import { EmbeddedPostgresError } from '../database/embedded/embedded-postgres-error.js';
import { startRingdrop } from './ringdrop.js';
import { endOnce } from './end-once.js';
import { StartFailure } from './start-failure.js';
import { welcome } from './welcome.js';

/** Failures whose message is all that a person needs. */
const PLAIN_FAILURES = [ConfigurationError, EmbeddedPostgresError, StartFailure];

/** Runs the product until a signal ends it. */
export async function run(): Promise<void> {
  let log: Log | undefined;
  try {
    const config = loadAppConfig();
    log = PinoLog.create(config.logLevel);
    await start(config, log);
  } catch (error) {
    if (!PLAIN_FAILURES.some((type) => error instanceof type)) {
      log?.error('The product cannot start', { err: error });
    }
    process.stderr.write(`${error instanceof Error ? error.message : 'Ringdrop cannot start'}\n`);
    // At once: half-started parts must not keep the process. The embedded server is told to stop on the way out.
    process.exit(1);
  }
}

async function start(config: AppConfig, log: Log): Promise<void> {
  const ending = endOnce(log);
  const ringdrop = await startRingdrop(config, log);
  ending.stopWith(() => ringdrop.stop());
  process.stdout.write(welcome(ringdrop));
}
