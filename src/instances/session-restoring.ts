import { Injectable, type OnModuleInit } from '@nestjs/common';
import { OwnerCommands } from '../cluster/owner-commands.js';
import { Log } from '../common/logging/log.js';
import type { Connecting } from '../whatsapp/connect-turns.js';
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
    this.commands.handle(RESTORE, (instanceId, accountId) => this.open({ instanceId, accountId }));
  }

  /** Resolves when every session has somebody who will open it. */
  async restore(sessions: readonly Connecting[]): Promise<void> {
    for (const { instanceId, accountId } of sessions) {
      try {
        await this.commands.run(RESTORE, instanceId, accountId);
      } catch (err) {
        this.log.warn('A session could not be handed to the process that holds it', { instanceId, err });
      }
    }
  }

  /** Returns before the session is open. */
  private open(session: Connecting): Promise<void> {
    this.opener.open([session]);
    return Promise.resolve();
  }
}
