import type { LoggerService } from '@nestjs/common';
import type { Log } from './log.js';

/** Lets the framework write to the product's log. Its start-up chatter interests developers only. */
export class NestLog implements LoggerService {
  constructor(private readonly sink: Log) {}

  error(message: unknown, ...rest: unknown[]): void {
    this.sink.error('The framework reports an error', detailsOf(message, rest));
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.error(message, ...rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.sink.warn('The framework warns', detailsOf(message, rest));
  }

  /** Module names and mapped routes. */
  log(message: unknown, ...rest: unknown[]): void {
    this.sink.debug('The framework reports', detailsOf(message, rest));
  }
}

function detailsOf(message: unknown, rest: unknown[]): Record<string, unknown> {
  return message instanceof Error ? { err: message, context: rest.at(-1) } : { message, context: rest };
}
