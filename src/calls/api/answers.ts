import { ApiProperty } from '@nestjs/swagger';
import {
  CALL_DIRECTIONS,
  CALL_OUTCOMES,
  CALL_STATES,
  type CallDirection,
  type CallOutcome,
  type CallState,
  type IncomingOutcome,
} from '../call-state.js';
import { CURSOR_EXAMPLE } from '../lists/call-cursor.js';

const time = (description: string, example: string | null) =>
  ({ type: String, format: 'date-time', nullable: true, description, example }) as const;

/** A call as the API shows it. Times are RFC 3339 in UTC with milliseconds, `null` until they happen. */
export class CallDto {
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Id on the wire; `null` when the call failed before it was ready to leave',
    example: '00C28E4F5D0A4B7E91F2A3B4C5D6E7F8',
  })
  callId: string | null;

  @ApiProperty({
    enum: CALL_DIRECTIONS,
    description: '`outgoing`: placed here · `incoming`: somebody called the account',
    example: 'outgoing',
  })
  direction: CallDirection;

  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'Digits that were called; of an incoming call those of the caller, `null` when WhatsApp hides them',
    example: '5511999999999',
  })
  number: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The other side as WhatsApp addresses it',
    example: '123456789012345@lid',
  })
  jid: string | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Requested ringing time in seconds, 1–60; `null` of an incoming call',
    example: 15,
  })
  duration: number | null;

  @ApiProperty({
    enum: CALL_STATES,
    description:
      '`delivered`: a device of the callee received the offer. `ringing`: a device says that it alerts its user. ' +
      'An incoming call is `ringing`, then `ended`.',
    example: 'ended',
  })
  state: CallState;

  @ApiProperty({
    enum: [...CALL_OUTCOMES, 'missed', null],
    type: String,
    nullable: true,
    description:
      'How the call ended; `null` until then. `completed`: it rang until its time was over, or WhatsApp ended it for lack of an ' +
      'answer · `answered`: somebody picked up, on whatever device · `rejected`: a person declined · `busy`: the callee is in ' +
      'another call · `unreachable`: no device ever confirmed the call, or none can take calls · `cancelled`: hung up early ' +
      'through the API · `refused`: WhatsApp refused the offer · `failed`: anything else. Of an incoming call `answered` or `rejected`, here or on another ' +
      'device of the account, or `missed`',
    example: 'completed',
  })
  outcome: CallOutcome | IncomingOutcome | null;

  @ApiProperty({ type: Number, nullable: true, description: "WhatsApp's code of a refusal", example: null })
  failureCode: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description:
      "What went wrong, in words; of a rejected call the reason that the callee's device gave, if any; of an incoming call the " +
      'reason that WhatsApp gave for its end, if any',
    example: null,
  })
  failureReason: string | null;

  @ApiProperty({
    ...time(
      'When the call was asked for; of an incoming call when WhatsApp dated it',
      '2026-01-31T12:00:00.000Z',
    ),
    nullable: false,
  })
  requestedAt: string;

  @ApiProperty(
    time('When WhatsApp accepted the offer; `null` of an incoming call', '2026-01-31T12:00:00.412Z'),
  )
  acceptedAt: string | null;

  @ApiProperty(time('When the first device received the offer', '2026-01-31T12:00:00.655Z'))
  deliveredAt: string | null;

  @ApiProperty(time('When the first device said that it rings', '2026-01-31T12:00:01.120Z'))
  ringingAt: string | null;

  @ApiProperty(time('When the call ended', '2026-01-31T12:00:16.121Z'))
  endedAt: string | null;

  @ApiProperty({
    type: Number,
    nullable: true,
    description:
      'Seconds between `ringingAt` and `endedAt`, to the millisecond; `null` when no device said that it rang',
    example: 15.001,
  })
  ringSeconds: number | null;

  @ApiProperty({ description: 'An incoming video call', example: false })
  isVideo: boolean;

  @ApiProperty({ description: 'An incoming call to a group', example: false })
  isGroup: boolean;
}

export class CallPlacedDto {
  @ApiProperty({ type: Boolean, description: 'Always true', example: true })
  success: true;

  @ApiProperty({ description: 'What was done', example: 'Call placed successfully' })
  message: string;

  @ApiProperty({
    description: 'Id on the wire, to follow or cancel the call',
    example: '00C28E4F5D0A4B7E91F2A3B4C5D6E7F8',
  })
  callId: string;

  @ApiProperty({ description: 'Digits that were called', example: '5511999999999' })
  number: string;

  @ApiProperty({ description: 'Seconds of ringing, 1–60', example: 15 })
  duration: number;
}

export class CallsMetaDto {
  @ApiProperty({
    type: String,
    nullable: true,
    description:
      '`cursor` of the next page; `null` on the last one. Good at this instance only, and as long as the encryption key of ' +
      'the installation is there',
    example: CURSOR_EXAMPLE,
  })
  nextCursor: string | null;
}

export class CallsFoundDto {
  @ApiProperty({ type: Boolean, description: 'Always true', example: true })
  success: true;

  @ApiProperty({ description: 'How many calls are on this page', example: '1 Calls found' })
  message: string;

  @ApiProperty({ description: 'Newest first', type: [CallDto] })
  calls: CallDto[];

  @ApiProperty({ type: CallsMetaDto, description: 'How to get the next page' })
  meta: CallsMetaDto;
}

export class CallFoundDto {
  @ApiProperty({ type: Boolean, description: 'Always true', example: true })
  success: true;

  @ApiProperty({ description: 'What was done', example: 'Call found' })
  message: string;

  @ApiProperty({ description: 'The call as it is now', type: CallDto })
  call: CallDto;
}

export class CallCancelledDto {
  @ApiProperty({ type: Boolean, description: 'Always true', example: true })
  success: true;

  @ApiProperty({ description: 'What was done', example: 'Call cancelled' })
  message: string;

  @ApiProperty({ description: 'The call as it ended', type: CallDto })
  call: CallDto;
}
