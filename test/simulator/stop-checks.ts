import type { Connection } from './connection.js';
import type { LiveCall } from './live-calls.js';
import type { CallDeviceRecord } from './types.js';
import type { World } from './world.js';

const DEFAULT_GRACE_MS = 3_000;

/**
 * Sees to it that a caller who ends a call stops every device that rings: the server stops none by itself. A caller whose
 * connection ends meanwhile is judged after his next terminate.
 */
export class StopChecks {
  /** Calls that are looked at soon, and the connection of their caller. */
  private readonly running = new Map<LiveCall, Connection>();
  private readonly judged = new WeakSet<LiveCall>();

  constructor(private readonly world: World) {}

  /** The call is over for the caller. May be repeated. */
  begin(live: LiveCall): void {
    const { sessions, timers, options } = this.world;
    const connection = sessions.find(live.caller);
    if (!connection || !live.isDelivered || this.judged.has(live)) return;
    if (this.running.get(live) === connection) return;
    this.running.set(live, connection);
    timers.after(options.stopGraceMs ?? DEFAULT_GRACE_MS, () => {
      if (this.running.get(live) !== connection) return;
      this.running.delete(live);
      if (sessions.find(live.caller) === connection) this.judge(live);
    });
  }

  private judge(live: LiveCall): void {
    const { callId, callerNumber, devices } = live.call;
    this.judged.add(live);
    for (const { jid } of devices.filter(ringsOn)) {
      this.world.recorder.violation(callerNumber, `${jid} was not stopped when call ${callId} ended`);
    }
  }
}

function ringsOn({ terminateStanzaIds, rejectReason, acceptedAt, hungUpAt }: CallDeviceRecord): boolean {
  const hasEnded = rejectReason !== undefined || acceptedAt !== undefined || hungUpAt !== undefined;
  return terminateStanzaIds.length === 0 && !hasEnded;
}
