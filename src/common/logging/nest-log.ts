import type { LoggerService } from '@nestjs/common';
import type { Log } from './log.js';

/** Lets the framework write to the product's log. Its start-up chatter interests developers only. */
export class NestLog implements LoggerService {
  constructor(private readonly sink: Log) {}

  error(message: unknown, ...rest: unknown[]): void {
    // Whoever started the framework gets this error as well, and knows what it means.
    if (rest.at(-1) === 'ExceptionHandler') return;
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
  if (message instanceof Error) return { err: message, context: rest.at(-1) };
  // A stack of the framework leads nowhere.
  const context = rest.map((part) => (typeof part === 'string' ? part.split('\n    at ')[0] : part));
  return { message, context };
}
