import { Injectable, type OnModuleInit } from '@nestjs/common';
import { OwnerCommands } from '../cluster/owner-commands.js';
import { Log } from '../common/logging/log.js';
import { RESTORE } from './session-command-kinds.js';
import { SessionOpener } from './session-opener.js';

/** Has sessions opened that ought to be open, each by the process that holds it, at the pace of that process. */
@Injectable()
export class SessionRestoring implements OnModuleInit {
  constructor(
    private readonly commands: OwnerCommands,
    private readonly opener: SessionOpener,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    this.commands.handle(RESTORE, (instanceId) => this.open(instanceId));
  }

  /** Resolves when every session has somebody who will open it. */
  async restore(instanceIds: readonly string[]): Promise<void> {
    for (const instanceId of instanceIds) {
      try {
        await this.commands.run(RESTORE, instanceId, null, () => this.open(instanceId));
      } catch (err) {
        this.log.warn('A session could not be handed to the process that holds it', { instanceId, err });
      }
    }
  }

  /** Returns before the session is open. */
  private open(instanceId: string): Promise<void> {
    this.opener.open([instanceId]);
    return Promise.resolve();
  }
}
