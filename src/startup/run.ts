import { ConfigurationError, loadAppConfig } from '../config/app-config.js';
import { keepStoresInOneStorage } from '../common/async/one-async-hook.js';
import { FatalFaults } from '../common/errors/fatal-faults.js';
import type { Log } from '../common/logging/log.js';
import { InstanceNames } from '../common/logging/instance-names.js';
import { PinoLog } from '../common/logging/pino-log.js';
import { EmbeddedPostgresError } from '../database/embedded/embedded-postgres-error.js';
import { NewerSchema } from '../database/migrate.js';
import { arrangeMemory } from './memory.js';
import { startRingdrop, type StartGround } from './ringdrop.js';
import { endOnce } from './end-once.js';
import { openFilesBelow } from './open-files.js';
import { StartFailure } from './start-failure.js';
import { welcome } from './welcome.js';

/** Failures whose message is all that a person needs. */
const PLAIN_FAILURES = [ConfigurationError, EmbeddedPostgresError, NewerSchema, StartFailure];

/** Runs the product until a signal ends it, or a fault after which it could do nothing any more. */
export async function run(): Promise<void> {
  keepStoresInOneStorage();
  arrangeMemory();
  let log: Log | undefined;
  try {
    const config = loadAppConfig();
    const instanceNames = new InstanceNames();
    log = PinoLog.create(config.logLevel, { instanceNames });
    const fewFiles = openFilesBelow(config.maxConnections);
    if (fewFiles)
      log.warn('MAX_CONNECTIONS is higher than the limit of open files allows (ulimit -n)', fewFiles);
    await start({ config, log, instanceNames, faults: new FatalFaults() });
  } catch (error) {
    if (!PLAIN_FAILURES.some((type) => error instanceof type)) {
      log?.error('The product cannot start', { err: error });
    }
    process.stderr.write(`${error instanceof Error ? error.message : 'Ringdrop cannot start'}\n`);
    // At once: half-started parts must not keep the process. The embedded server is told to stop on the way out.
    process.exit(1);
  }
}

async function start(given: StartGround): Promise<void> {
  const ending = endOnce(given.log);
  const ringdrop = await startRingdrop(given);
  ending.stopWith(() => ringdrop.stop());
  process.stdout.write(welcome(ringdrop));
  // One that was found while the product started ends it in order, too.
  void given.faults.reported.then((fault) => ending.fail(fault));
}
