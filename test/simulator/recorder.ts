import type { EventEmitter } from 'node:events';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Connection } from './connection.js';
import type {
  CallDeviceRecord,
  CallRecord,
  ConnectionRecord,
  MessageRecord,
  SimulatorEvents,
  StanzaRecord,
} from './types.js';

const MAX_ROWS = 20_000;
/** Old rows go in slices: cutting one off a full list for each new one would cost the whole list each time. */
const SLACK_ROWS = 2_000;

/** Everything that a test may want to look at afterwards; bounded, oldest rows go first. */
export class Recorder {
  readonly calls: CallRecord[] = [];
  readonly connections: ConnectionRecord[] = [];
  readonly messages: MessageRecord[] = [];
  readonly violations: string[] = [];
  private readonly rows: StanzaRecord[] = [];

  constructor(
    private readonly events: EventEmitter<SimulatorEvents>,
    private readonly keepsStanzas: boolean,
  ) {}

  get stanzas(): StanzaRecord[] {
    return this.rows.slice(-MAX_ROWS);
  }

  connection(connection: ConnectionRecord): void {
    keep(this.connections, connection);
  }

  stanza(direction: 'in' | 'out', { companion, record }: Connection, node: BinaryNode): void {
    if (!this.keepsStanzas) return;
    const account = companion?.account.number;
    const row: StanzaRecord = { at: Date.now(), direction, account, connection: record.id, node };
    keep(this.rows, row);
    this.events.emit('stanza', row);
  }

  call(call: CallRecord): void {
    keep(this.calls, call);
    this.events.emit('call', call);
    this.events.emit('call-changed', call);
  }

  callChanged(call: CallRecord): void {
    this.events.emit('call-changed', call);
  }

  terminated(call: CallRecord, device: CallDeviceRecord): void {
    this.events.emit('terminate', call, device);
    this.events.emit('call-changed', call);
  }

  message(message: MessageRecord): void {
    keep(this.messages, message);
    this.events.emit('message', message);
  }

  violation(account: string | undefined, text: string): void {
    const line = `${account ?? 'unpaired'}: ${text}`;
    keep(this.violations, line);
    this.events.emit('violation', line);
  }

  /** A call of this caller that is still known, newest first. */
  findCall(callId: string): CallRecord | undefined {
    return this.calls.findLast((call) => call.callId === callId);
  }
}

function keep<T>(rows: T[], row: T): void {
  rows.push(row);
  if (rows.length > MAX_ROWS + SLACK_ROWS) rows.splice(0, rows.length - MAX_ROWS);
}
