import { encodeCursor } from './call-cursor.js';
import { ringSecondsOf } from './call-times.js';
import type { Call } from './call.entity.js';
import type { CallCancelledDto } from './dto/call-cancelled.dto.js';
import type { CallFoundDto } from './dto/call-found.dto.js';
import type { CallPlacedDto } from './dto/call-placed.dto.js';
import type { CallDto } from './dto/call.dto.js';
import type { CallsFoundDto } from './dto/calls-found.dto.js';
import type { FakeCallAnswer } from './fake-call-request.js';

/** One page of calls. */
export interface CallPage {
  readonly calls: readonly Call[];
  /** Row id of the last call of the page; `null` when there is no further page. */
  readonly continueAfter: string | null;
}

export function toCallPlaced({ callId, number, durationSeconds }: FakeCallAnswer): CallPlacedDto {
  return { success: true, message: 'Call placed successfully', callId, number, duration: durationSeconds };
}

export function toCallFound(call: Call): CallFoundDto {
  return { success: true, message: 'Call found', call: toCallDto(call) };
}

export function toCallCancelled(call: Call): CallCancelledDto {
  return { success: true, message: 'Call cancelled', call: toCallDto(call) };
}

export function toCallsFound({ calls, continueAfter }: CallPage): CallsFoundDto {
  return {
    success: true,
    message: `${calls.length} Calls found`,
    calls: calls.map(toCallDto),
    meta: { nextCursor: continueAfter === null ? null : encodeCursor(continueAfter) },
  };
}

export function toCallDto(call: Call): CallDto {
  return {
    callId: call.callId,
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
  };
}

function toText(time: Date | null): string | null {
  return time?.toISOString() ?? null;
}
