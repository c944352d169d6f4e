import { Log, type LogDetails } from '../../src/common/logging/log.js';

export interface LogLine {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  readonly sentence: string;
  readonly details: LogDetails;
}

/** A log that prints nothing and keeps its lines for assertions. */
export class SilentLog extends Log {
  readonly lines: LogLine[] = [];

  error(sentence: string, details: LogDetails = {}): void {
    this.lines.push({ level: 'error', sentence, details });
  }

  warn(sentence: string, details: LogDetails = {}): void {
    this.lines.push({ level: 'warn', sentence, details });
  }

  info(sentence: string, details: LogDetails = {}): void {
    this.lines.push({ level: 'info', sentence, details });
  }

  debug(sentence: string, details: LogDetails = {}): void {
    this.lines.push({ level: 'debug', sentence, details });
  }

  /** The sentences of one level, in order. */
  sentences(level: LogLine['level']): string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.sentence);
  }
}
