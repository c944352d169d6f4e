import { ApiProperty } from '@nestjs/swagger';
import { CALL_OUTCOMES, CALL_STATES, type CallOutcome, type CallState } from '../call-state.js';

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

  @ApiProperty({ description: 'Digits that were called', example: '5511999999999' })
  number: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The callee as WhatsApp addresses it',
    example: '123456789012345@lid',
  })
  jid: string | null;

  @ApiProperty({ description: 'Requested ringing time in seconds, 1–60', example: 15 })
  duration: number;

  @ApiProperty({
    enum: CALL_STATES,
    description:
      '`delivered`: a device of the callee received the offer. `ringing`: a device says that it alerts its user.',
    example: 'ended',
  })
  state: CallState;

  @ApiProperty({
    enum: [...CALL_OUTCOMES, null],
    type: String,
    nullable: true,
    description:
      'How the call ended; `null` until then. `completed`: it rang until its time was over, or WhatsApp ended it for lack of an ' +
      'answer · `answered`: somebody picked up, on whatever device · `rejected`: a person declined · `busy`: the callee is in ' +
      'another call · `unreachable`: no device ever confirmed the call, or none can take calls · `cancelled`: hung up early ' +
      'through the API · `refused`: WhatsApp refused the offer · `failed`: anything else',
    example: 'completed',
  })
  outcome: CallOutcome | null;

  @ApiProperty({ type: Number, nullable: true, description: "WhatsApp's code of a refusal", example: null })
  failureCode: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description:
      "What went wrong, in words; of a rejected call the reason that the callee's device gave, if any",
    example: null,
  })
  failureReason: string | null;

  @ApiProperty({ ...time('When the call was asked for', '2026-01-31T12:00:00.000Z'), nullable: false })
  requestedAt: string;

  @ApiProperty(time('When WhatsApp accepted the offer', '2026-01-31T12:00:00.412Z'))
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
}
