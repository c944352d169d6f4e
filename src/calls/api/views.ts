import type { CallPage } from '../calls.service.js';
import type { ListedCall } from '../lists/call-lists.repository.js';
import { ringSecondsOf } from '../call-times.js';
import type { Call } from '../store/call.entity.js';
import type { CallCancelledDto, CallFoundDto, CallPlacedDto, CallDto, CallsFoundDto } from './answers.js';
import type { FakeCallAnswer } from '../place/fake-call.js';
import type { IncomingCall } from '../incoming/incoming-call.js';

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
