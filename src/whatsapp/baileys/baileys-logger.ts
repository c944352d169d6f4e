import type { ILogger } from '@whiskeysockets/baileys/lib/Utils/logger.js';
import type { Log } from '../../common/logging/log.js';
import { maskNumbersIn } from '../../common/logging/mask-numbers.js';

/**
 * The library's log as debug lines of ours. Its objects carry credentials, stanzas and JIDs, so only its sentence is
 * kept, numbers masked, and of an error its message.
 */
export class BaileysLogger implements ILogger {
  /** The library builds expensive texts at `trace` and `debug`; above that it only calls us. */
  readonly level = 'info';

  constructor(
    private readonly log: Log,
    private readonly instanceId: string,
  ) {}

  child(): ILogger {
    return this;
  }

  trace(): void {}

  debug(): void {}

  info(details: unknown, sentence?: string): void {
    this.write(details, sentence);
  }

  warn(details: unknown, sentence?: string): void {
    this.write(details, sentence);
  }

  error(details: unknown, sentence?: string): void {
    this.write(details, sentence);
  }

  private write(details: unknown, sentence: string | undefined): void {
    const said = sentence ?? (typeof details === 'string' ? details : 'no words');
    const reason = reasonIn(details);
    this.log.debug('Baileys says', {
      instanceId: this.instanceId,
      said: maskNumbersIn(said),
      ...(reason && { reason: maskNumbersIn(reason) }),
    });
  }
}

function reasonIn(details: unknown): string | undefined {
  if (typeof details !== 'object' || details === null) return undefined;
  const values: unknown[] = Object.values(details);
  for (const value of [details, ...values]) {
    if (value instanceof Error) return value.message;
  }
  return undefined;
}
