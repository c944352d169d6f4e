import type { ListedCall } from './call-lists.repository.js';
import { ringSecondsOf } from './call-times.js';
import type { Call } from './call.entity.js';
import type { CallCancelledDto } from './dto/call-cancelled.dto.js';
import type { CallFoundDto } from './dto/call-found.dto.js';
import type { CallPlacedDto } from './dto/call-placed.dto.js';
import type { CallDto } from './dto/call.dto.js';
import type { CallsFoundDto } from './dto/calls-found.dto.js';
import type { FakeCallAnswer } from './fake-call-request.js';
import type { IncomingCall } from './incoming-call.js';

/** One page of calls. */
export interface CallPage {
  readonly calls: readonly ListedCall[];
  /** `null` when there is no further page. */
  readonly nextCursor: string | null;
}

export function toCallPlaced({ callId, number, durationSeconds }: FakeCallAnswer): CallPlacedDto {
  return { success: true, message: 'Call placed successfully', callId, number, duration: durationSeconds };
}

export function toCallFound(call: ListedCall): CallFoundDto {
  return { success: true, message: 'Call found', call: toCallDto(call) };
}

export function toCallCancelled(call: ListedCall): CallCancelledDto {
  return { success: true, message: 'Call cancelled', call: toCallDto(call) };
}

export function toCallsFound({ calls, nextCursor }: CallPage): CallsFoundDto {
  return {
    success: true,
    message: `${calls.length} Calls found`,
    calls: calls.map(toCallDto),
    meta: { nextCursor },
  };
}

export function toCallDto(listed: ListedCall): CallDto {
  return listed.direction === 'outgoing' ? placedCallDto(listed.call) : incomingCallDto(listed.call);
}

function placedCallDto(call: Call): CallDto {
  return {
    callId: call.callId,
    direction: 'outgoing',
    number: call.number,
    jid: call.jid,
    duration: call.durationSeconds,
    state: call.state,
    outcome: call.outcome,
    failureCode: call.failureCode,
    failureReason: call.failureReason,
    requestedAt: call.requestedAt.toISOString(),
    acceptedAt: toText(call.acceptedAt),
    deliveredAt: toText(call.deliveredAt),
    ringingAt: toText(call.ringingAt),
    endedAt: toText(call.endedAt),
    ringSeconds: ringSecondsOf(call),
    isVideo: false,
    isGroup: false,
  };
}

function incomingCallDto(call: IncomingCall): CallDto {
  return {
    callId: call.callId,
    direction: 'incoming',
    number: call.number,
    jid: call.jid,
    duration: null,
    state: call.state,
    outcome: call.outcome,
    failureCode: null,
    failureReason: call.reason,
    requestedAt: call.requestedAt.toISOString(),
    acceptedAt: null,
    deliveredAt: toText(call.ringingAt),
    ringingAt: toText(call.ringingAt),
    endedAt: toText(call.endedAt),
    ringSeconds: ringSecondsOf(call),
    isVideo: call.isVideo,
    isGroup: call.isGroup,
  };
}

function toText(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
