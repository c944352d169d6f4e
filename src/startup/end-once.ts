import type { FatalFault } from '../common/errors/fatal-faults.js';
import type { Log } from '../common/logging/log.js';

/** A close that hangs is cut after this: 5 s for rings, 3 s for requests, and time to close the sessions. */
const STOP_TIMEOUT_MS = 15_000;

/** How the process ends. */
export interface Ending {
  /** From now on a signal runs `stop` first. */
  stopWith(stop: () => Promise<void>): void;
  /** Ends the process with exit code 1, unless it is ending already. */
  fail(fault: FatalFault): void;
}

/**
 * Ends the process in order: on SIGTERM and SIGINT with exit code 0, after an exception that nobody caught and
 * after a fatal fault with 1. Further signals change nothing, because an end at once would leave phones ringing; npm and process
 * managers often send two. The end has a time limit anyway. Before `stopWith` there is nothing to stop in order.
 */
export function endOnce(log: Log): Ending {
  let stop = (): Promise<void> => Promise.resolve();
  let ending = false;

  let isPatienceAsked = false;
  /** Grows while the process ends, after a fault that comes on the way. */
  let exitCode = 0;

  const end = (code: number): void => {
    exitCode = Math.max(exitCode, code);
    if (ending) return;
    ending = true;
    setTimeout(() => {
      log.error('The shutdown took too long and was cut', { timeoutMs: STOP_TIMEOUT_MS });
      process.exit(1);
    }, STOP_TIMEOUT_MS).unref();
    stop().then(
      () => process.exit(exitCode),
      (err: unknown) => {
        log.error('The shutdown failed', { err });
        process.exit(1);
      },
    );
  };

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (!ending) log.info('A signal ends the process', { signal });
      else if (!isPatienceAsked) {
        isPatienceAsked = true;
        log.info('The process is ending already: further signals change nothing', {
          signal,
          atMostMs: STOP_TIMEOUT_MS,
        });
      }
      end(0);
    });
  }
  process.on('uncaughtException', (err) => {
    log.error('An exception was not caught', { err });
    end(1);
  });
  process.on('unhandledRejection', (err) => {
    log.error('A rejected promise was left alone', { err });
  });
  return {
    stopWith: (given) => (stop = given),
    fail: ({ reason, advice }) => {
      if (ending) return;
      log.error('This process can do nothing any more and ends', { reason });
      process.stderr.write(`${advice}\n`);
      end(1);
    },
  };
}
