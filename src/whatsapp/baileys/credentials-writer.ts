import type { AuthenticationCreds } from '@whiskeysockets/baileys';
import { OwnershipLost } from '../../cluster/ownership.errors.js';
import type { Log } from '../../common/logging/log.js';
import type { Clock } from '../../common/time/clock.js';
import type { Backoff, SessionStore } from '../session-store/session-store.js';

const RETRY_DELAY_MS = 1_000;

/**
 * Keeps the row of one session. Saves the credentials after each change: one write at a time, changes that come meanwhile are
 * written together, a write that fails is tried again. Half-linked credentials stay in memory.
 */
export class CredentialsWriter {
  private changed: AuthenticationCreds | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly instanceId: string,
    private readonly store: SessionStore,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  save(creds: AuthenticationCreds): void {
    if (!creds.account || !creds.me?.id) return;
    this.changed = creds;
    this.running ??= this.run();
  }

  /** Resolves when everything is written, or given up. */
  async flush(): Promise<void> {
    await this.running;
  }

  /** Gives up what cannot be written; for sessions that are closed or forgotten. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.flush();
    this.stopped = false;
  }

  /** Forgets what is not written yet. */
  discard(): void {
    this.changed = undefined;
  }

  /** The back-off of the connection. Never rejects. */
  async saveBackoff(backoff: Backoff): Promise<void> {
    await this.store.saveBackoff(this.instanceId, backoff).catch(this.report);
  }

  /** The link to the phone is gone. Never rejects. @param asEvidence the credentials are kept, unusable */
  async drop(asEvidence: boolean): Promise<void> {
    await this.stop();
    const { store, instanceId } = this;
    await (asEvidence ? store.unlink(instanceId) : store.wipe(instanceId)).catch(this.report);
  }

  private readonly report = (err: unknown): void => {
    this.log.error('The state of a session could not be stored', { instanceId: this.instanceId, err });
  };

  private async run(): Promise<void> {
    try {
      while (this.changed) await this.writeOnce(this.changed);
    } finally {
      this.running = undefined; // in the same turn as the last look at `changed`, so that no change is missed
    }
  }

  private async writeOnce(creds: AuthenticationCreds): Promise<void> {
    this.changed = undefined;
    try {
      await this.store.saveCredentials(this.instanceId, creds);
    } catch (cause) {
      // They belong to another process now, which may have moved them on.
      if (cause instanceof OwnershipLost) return this.discard();
      this.log.error('Credentials of a session could not be saved', {
        instanceId: this.instanceId,
        err: cause,
      });
      if (this.stopped) return;
      this.changed ??= creds;
      await this.clock.sleep(RETRY_DELAY_MS);
    }
  }
}
