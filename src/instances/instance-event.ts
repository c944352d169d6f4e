import {
  instanceUpdate,
  type InstanceEventState,
  type WebhookEvent,
} from '../common/events/webhook-event.js';
import type { Log } from '../common/logging/log.js';
import { maskNumbersIn } from '../common/logging/mask-numbers.js';
import { CLIENT_OUTDATED } from '../whatsapp/client-version/client-version.js';
import type { SessionSignal } from '../whatsapp/whatsapp-signals.js';
import type { InstanceIdentity } from './instance-identity.js';
import type { InstanceStatus } from './instance-state.js';
import type { InstanceRow } from './instance-status.repository.js';
import { withoutDevice } from './signal-columns.js';

/** What is written of it in the event. */
type InstanceUpdate = {
  readonly state: InstanceEventState;
  readonly jid?: string;
  /** What can be scanned now. */
  readonly codes?: readonly string[];
  readonly reason?: string;
  /** WhatsApp's code of the disconnect. */
  readonly code?: number;
  /** End of a restriction. */
  readonly until?: string;
  /** Of a webhook. */
  readonly label?: string;
};

/** Another device took the session over (`conflict`, code 440 in WhatsApp Web and Baileys). */
const STREAM_REPLACED_CODE = 440;

/** The event that reports a signal; `undefined`: clients get none. */
export function instanceEvent(
  before: InstanceRow,
  next: InstanceStatus,
  signal: SessionSignal,
): WebhookEvent | undefined {
  const update = updateOf(before, next, signal);
  return update && { instanceId: before.id, ...instanceUpdate(signal.at, update) };
}

/** One line for each event of an instance, once it is stored. What can be scanned and who was linked stay out of it. */
export function logInstanceEvent(
  log: Log,
  { id, accountId, name }: InstanceIdentity,
  { data: { state, code, reason, until } }: Pick<WebhookEvent, 'data'>,
  level: 'info' | 'debug' = 'info',
): void {
  log[level]('The state of an instance changed', {
    instanceId: id,
    accountId,
    instance: name,
    state,
    ...(code !== undefined && { code }),
    ...(typeof reason === 'string' && { reason: maskNumbersIn(reason) }),
    ...(until !== undefined && { until }),
  });
}

/** Whether a signal is one of very many that say the same: the event that it makes is no line at `info`. */
export function isOfOutdatedClient({ lastDisconnectCode }: InstanceRow, signal: SessionSignal): boolean {
  if (signal.type === 'disconnected') return signal.code === CLIENT_OUTDATED;
  return signal.type === 'connecting' && lastDisconnectCode === CLIENT_OUTDATED;
}

function updateOf(
  before: InstanceRow,
  next: InstanceStatus,
  signal: SessionSignal,
): InstanceUpdate | undefined {
  switch (signal.type) {
    case 'qr_ready':
      return { state: 'qr_ready', codes: [signal.qr] };
    case 'paired':
      return { state: 'pair_success', jid: withoutDevice(signal.jid) };
    case 'connecting':
      return next === before.status ? undefined : { state: 'connecting' };
    case 'connected':
      return next === before.status ? undefined : { state: 'connected', jid: withoutDevice(signal.jid) };
    case 'disconnected':
      return { state: stateOfEnd(before.status, signal.code), reason: signal.reason, code: signal.code };
    case 'passkey_required':
      return { state: 'passkey_required', reason: signal.reason };
    case 'logged_out':
      return { state: 'logged_out', reason: signal.reason, code: signal.code };
    case 'restricted':
      return isSameRestriction(before, signal.until)
        ? undefined
        : { state: 'restricted', until: signal.until.toISOString() };
    case 'unrestricted':
      return before.restricted ? { state: 'unrestricted' } : undefined;
  }
}

function stateOfEnd(before: InstanceStatus, code: number): InstanceEventState {
  if (code === STREAM_REPLACED_CODE) return 'stream_replaced';
  if (code === CLIENT_OUTDATED) return 'client_outdated';
  return before === 'connecting' ? 'connect_failure' : 'disconnected';
}

function isSameRestriction({ restricted, restrictedUntil }: InstanceRow, until: Date): boolean {
  return restricted && restrictedUntil?.getTime() === until.getTime();
}
