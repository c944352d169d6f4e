import { Injectable } from '@nestjs/common';
import { Ownership } from '../cluster/ownership.js';
import { Log } from '../common/logging/log.js';
import { ConnectTurns, type Connecting } from '../whatsapp/connect-turns.js';
import { WhatsAppGateway } from '../whatsapp/whatsapp.gateway.js';
import { InstanceSessions } from './instance-sessions.js';

const SETTLED = ['connected', 'disconnected', 'logged_out'];

/** Opens many sessions, each in its turn. */
@Injectable()
export class SessionOpener {
  private stopped = false;
  private readonly runs = new Set<Promise<boolean>>();
  /** Sessions that connect, and what ends the turn of each. */
  private readonly connecting = new Map<string, () => void>();

  constructor(
    private readonly sessions: InstanceSessions,
    private readonly turns: ConnectTurns,
    private readonly gateway: WhatsAppGateway,
    private readonly ownership: Ownership,
    private readonly log: Log,
  ) {
    gateway.onSignal(({ type, instanceId }) => {
      if (!SETTLED.includes(type)) return;
      this.connecting.get(instanceId)?.();
      this.connecting.delete(instanceId);
    });
  }

  /** Puts the sessions behind those that are waiting already, and returns before they are open. */
  open(sessions: readonly Connecting[]): void {
    for (const session of sessions) this.turns.queue(session, () => this.takeTurn(session.instanceId));
  }

  /** Opens nothing any more, and resolves when the attempts that have begun are through. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.turns.stop();
    await Promise.all(this.runs);
  }

  /** Resolves when the session has connected or has failed to. `undefined`: somebody else was faster. */
  private takeTurn(instanceId: string): Promise<void> | undefined {
    if (this.gateway.sessionState(instanceId) !== 'absent') return undefined;
    const settled = new Promise<void>((resolve) => this.connecting.set(instanceId, resolve));
    const run = this.restore(instanceId);
    this.runs.add(run);
    return run.then((connects) => {
      this.runs.delete(run);
      if (connects) return settled;
      this.connecting.delete(instanceId);
      return undefined;
    });
  }

  /** False: it does not connect now. */
  private async restore(instanceId: string): Promise<boolean> {
    try {
      // It waited for its turn, and may have moved on to another process; one that nobody holds is taken.
      const { kind } = await this.ownership.acquire(instanceId);
      return kind === 'here' && !this.stopped && (await this.sessions.restore(instanceId));
    } catch (err) {
      this.log.error('A session could not be restored', { instanceId, err });
      return false;
    }
  }
}
