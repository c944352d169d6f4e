import { pino, type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from '../../config/app-config.js';
import { describeError } from './describe-error.js';
import { Log, type LogDetails } from './log.js';

/** A second net under the rule that secrets never reach the log. */
const NEVER_LOGGED = ['token', 'authorization', 'password', 'secret', 'key', 'headers'];

/** The log over pino: one JSON object for each line. */
export class PinoLog extends Log {
  constructor(private readonly pino: Logger) {
    super();
  }

  /** Writes to standard output, or to `destination`. Lines are written at once, so that none is lost at the end. */
  static create(level: LogLevel, destination?: DestinationStream): PinoLog {
    const options = {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { err: describeError },
      redact: NEVER_LOGGED.flatMap((name) => [name, `*.${name}`]),
    };
    return new PinoLog(destination ? pino(options, destination) : pino(options));
  }

  error(sentence: string, details?: LogDetails): void {
    this.pino.error(details ?? {}, sentence);
  }

  warn(sentence: string, details?: LogDetails): void {
    this.pino.warn(details ?? {}, sentence);
  }

  info(sentence: string, details?: LogDetails): void {
    this.pino.info(details ?? {}, sentence);
  }

  debug(sentence: string, details?: LogDetails): void {
    this.pino.debug(details ?? {}, sentence);
  }
}
