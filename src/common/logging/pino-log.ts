import { pino, type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from '../../config/app-config.js';
import { describeError } from './describe-error.js';
import { InstanceNames } from './instance-names.js';
import { Log, type LogDetails } from './log.js';
import { currentRequestId } from './request-context.js';

/** A second net under the rule that secrets never reach the log. */
const NEVER_LOGGED = ['token', 'authorization', 'password', 'secret', 'key', 'headers'];

export interface PinoLogOptions {
  /** Standard output by default. */
  readonly destination?: DestinationStream;
  /** Lines with an `instanceId` that is known here get its name as `instance`. */
  readonly instanceNames?: InstanceNames;
}

/** The log over pino: one JSON object for each line. Lines of a request that is being handled carry its `requestId`. */
export class PinoLog extends Log {
  constructor(private readonly pino: Logger) {
    super();
  }

  /** Lines are written at once, so that none is lost at the end. */
  static create(
    level: LogLevel,
    { destination, instanceNames = new InstanceNames() }: PinoLogOptions = {},
  ): PinoLog {
    const options = {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
      serializers: { err: describeError },
      mixin: (details: object) => addedTo(details, instanceNames),
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

/** What the line says itself is kept. */
function addedTo(details: object, names: InstanceNames): Record<string, unknown> {
  const requestId = currentRequestId();
  const instance = 'instanceId' in details ? names.of(details.instanceId) : undefined;
  return { ...(requestId !== undefined && { requestId }), ...(instance !== undefined && { instance }) };
}
