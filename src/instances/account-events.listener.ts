import { Injectable, type OnModuleInit } from '@nestjs/common';
import { AccountDeleting } from '../accounts/account-deleting.event.js';
import { AccountDisabled } from '../accounts/account-disabled.event.js';
import { AccountEnabled } from '../accounts/account-enabled.event.js';
import { EventBus } from '../common/events/event-bus.js';
import { InstanceStatusRepository } from './instance-status.repository.js';
import { SessionCommands } from './session-commands.js';
import { SessionRestoring } from './session-restoring.js';

/** Goodbyes at WhatsApp take up to 5 s each, so several are said at the same time. */
const GOODBYES_AT_ONCE = 10;

/** An account takes its sessions with it. */
@Injectable()
export class AccountEventsListener implements OnModuleInit {
  constructor(
    private readonly events: EventBus,
    private readonly repository: InstanceStatusRepository,
    private readonly sessions: SessionCommands,
    private readonly restoring: SessionRestoring,
  ) {}

  onModuleInit(): void {
    this.events.on(AccountDisabled, ({ accountId }) =>
      this.forEach(accountId, (id) => this.sessions.close(id, 'The account was disabled')),
    );
    this.events.on(AccountDeleting, ({ accountId }) =>
      this.forEach(accountId, (id) => this.sessions.forget(id)),
    );
    this.events.on(AccountEnabled, ({ accountId }) => this.reopen(accountId));
  }

  /** One session that cannot be ended does not save the others. */
  private async forEach(accountId: string, work: (instanceId: string) => Promise<void>): Promise<void> {
    const waiting = await this.repository.listOfAccount(accountId);
    const failures: unknown[] = [];
    const worker = async () => {
      for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
        await work(id).catch((failure: unknown) => failures.push(failure));
      }
    };
    await Promise.all(Array.from({ length: GOODBYES_AT_ONCE }, worker));
    if (failures.length > 0) throw new AggregateError(failures, 'Sessions of an account could not be ended');
  }

  /** The request that enabled the account does not wait for the sessions. */
  private async reopen(accountId: string): Promise<void> {
    const linked = await this.repository.listToOpen(await this.repository.listOfAccount(accountId));
    void this.restoring.restore(linked);
  }
}
