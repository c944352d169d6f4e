import { setFlagsFromString } from 'node:v8';
import { ConfigurationError, loadAppConfig } from '../config/app-config.js';
import { keepStoresInOneStorage } from '../common/async/one-async-hook.js';
import { FatalFaults } from '../common/errors/fatal-faults.js';
import type { Log } from '../common/logging/log.js';
import { InstanceNames } from '../common/logging/instance-names.js';
import { PinoLog } from '../common/logging/pino-log.js';
import { EmbeddedPostgresError } from '../database/embedded/embedded-postgres-error.js';
import { NewerSchema } from '../database/migrate.js';
import { startRingdrop, type StartGround } from './ringdrop.js';
import { endOnce } from './end-once.js';
import { openFilesBelow } from './open-files.js';
import { StartFailure } from './start-failure.js';
import { welcome } from './welcome.js';

/** Failures whose message is all that a person needs. */
const PLAIN_FAILURES = [ConfigurationError, EmbeddedPostgresError, NewerSchema, StartFailure];

/**
 * Bytes. Small buffers are slices of a common one, which lives as long as any of them. Every session keeps a few, and with the common
 * ones of 64 KB that Node 24 makes it kept almost all of one.
 */
const SLICED_BUFFER = 4_096;

/**
 * How much the old objects may grow, in percent of those that live, until all are collected. V8 by itself takes little more than 10
 * when few are made: beside thousands of sessions, which live long, that was a collection every few seconds, and each of
 * them slows everybody down for as long as it takes to visit what lives.
 */
const GROWTH_PERCENT = 100;

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

/** Suits memory to a process that holds thousands of sessions for long. The size of the young generation is set where it is started. */
function arrangeMemory(): void {
  Buffer.poolSize = SLICED_BUFFER;
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
