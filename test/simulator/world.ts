import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Connection } from './connection.js';
import type { Directory } from './directory.js';
import type { FaultPlan } from './fault-plan.js';
import type { PairingDesk } from './pairing-desk.js';
import type { Recorder } from './recorder.js';
import type { SessionTable } from './session-table.js';
import type { Timers } from './timers.js';
import type { SimulatorOptions } from './types.js';
import type { VersionDesk } from './version-desk.js';

/** The parts of one simulator, for those that work on several of them. */
export interface World {
  readonly directory: Directory;
  readonly sessions: SessionTable;
  readonly desk: PairingDesk;
  readonly recorder: Recorder;
  readonly faults: FaultPlan;
  readonly timers: Timers;
  readonly options: SimulatorOptions;
  readonly versions: VersionDesk;
  /** Sends an answer, late when the fault plan says so. */
  readonly reply: (connection: Connection, node: BinaryNode) => void;
}
