import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsFilled, IsTextIfGiven } from '../../common/http/text.validators.js';
import { problem } from '../../common/http/validation.pipe.js';
import { parseCallee } from '../../whatsapp/jid.js';
import { InvalidNumber } from '../../whatsapp/whatsapp.errors.js';
import { DurationOutOfRange, NumberRequired } from '../errors.js';
import { type FakeCallRequest, numbersOf } from '../place/fake-call.js';
import { Rule } from '../../common/http/rule.js';
import { IsIn, IsOptional, IsNotEmpty, IsString } from 'class-validator';
import { PageLimit } from '../../common/http/page-query.js';
import { CURSOR, CURSOR_EXAMPLE, NOT_A_CURSOR } from '../lists/call-cursor.js';
import type { CallFilter } from '../lists/call-list-query.js';
import {
  CALL_DIRECTIONS,
  CALL_OUTCOMES,
  CALL_STATES,
  type CallOutcome,
  type CallState,
  type IncomingOutcome,
} from '../call-state.js';

const DEFAULT_SECONDS = 8;
const MAX_SECONDS = 60;

export class FakeCallDto {
  @ApiProperty({
    type: String,
    description:
      'Who is called: a phone number in international format, `<digits>@s.whatsapp.net` (also `@c.us`) or `<digits>@lid`. ' +
      '`+ - ( ) .`, spaces, dashes and invisible characters are ignored; 7 to 15 digits remain, and a phone number does not begin ' +
      'with 0. Mobile numbers of Brazil, Mexico and Argentina are tried as given, then with or without the digit by which ' +
      'WhatsApp may know them (`9`, `1`, `9`); the form that WhatsApp knows is called and reported.',
    example: '5511999999999',
  })
  @IsTextIfGiven()
  @IsFilled(problem(1, () => new NumberRequired()))
  number: string;

  @ApiPropertyOptional({
    type: 'integer',
    description: `Seconds of ringing. Omitted, \`null\` or 0 mean ${DEFAULT_SECONDS}.`,
    minimum: 0,
    maximum: MAX_SECONDS,
    default: DEFAULT_SECONDS,
    nullable: true,
    example: 15,
  })
  @Rule('isIntegerIfGiven', isIntegerIfGiven, 'must be an integer number')
  @Rule('isDuration', isDurationInRange, 'is out of range', problem(2, () => new DurationOutOfRange()))
  duration?: number | null;

  /** @throws InvalidNumber */
  toRequest(): FakeCallRequest {
    const parsed = parseCallee(this.number);
    if (!parsed.ok) throw new InvalidNumber(parsed.detail);
    return {
      callee: parsed.callee,
      number: parsed.digits,
      durationSeconds: this.duration || DEFAULT_SECONDS,
    };
  }
}

function isIntegerIfGiven(value: unknown): boolean {
  return value === undefined || value === null || Number.isInteger(value);
}

function isDurationInRange(value: unknown): boolean {
  return typeof value !== 'number' || !Number.isInteger(value) || (value >= 0 && value <= MAX_SECONDS);
}

const DEFAULT_LIMIT = 50;

/** RFC 3339: date, time, and an offset that is never left out. */
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const TIMESTAMP_WORDS = 'must be an RFC 3339 time such as 2026-01-31T12:00:00Z';

const DIRECTIONS = [...CALL_DIRECTIONS, 'all'] as const;
const OUTCOMES = [...CALL_OUTCOMES, 'missed'] as const satisfies readonly (CallOutcome | IncomingOutcome)[];

export class ListCallsDto {
  @ApiPropertyOptional({
    description: 'Calls that were placed here, calls to the account, or both',
    enum: DIRECTIONS,
    default: 'outgoing',
    example: 'all',
  })
  @IsOptional()
  @IsIn(DIRECTIONS)
  direction?: (typeof DIRECTIONS)[number];

  @ApiPropertyOptional({ description: 'Only calls in this state', enum: CALL_STATES, example: 'ended' })
  @IsOptional()
  @IsIn(CALL_STATES)
  state?: CallState;

  @ApiPropertyOptional({
    description: 'Only calls that ended like this; `missed` are incoming ones',
    enum: OUTCOMES,
    example: 'completed',
  })
  @IsOptional()
  @IsIn(OUTCOMES)
  outcome?: (typeof OUTCOMES)[number];

  @ApiPropertyOptional({
    type: String,
    description: 'Only calls to this number, or from it, written as for placing a call',
    example: '5511999999999',
  })
  @IsOptional()
  @Rule('isCallee', (value) => calleeNumbers(value) !== undefined, calleeFault)
  number?: string;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'Only calls requested at this time or later (RFC 3339)',
    example: '2026-01-01T00:00:00Z',
  })
  @IsOptional()
  @Rule('isTimestamp', isTimestamp, TIMESTAMP_WORDS)
  from?: string;

  @ApiPropertyOptional({
    type: String,
    format: 'date-time',
    description: 'Only calls requested before this time (RFC 3339)',
    example: '2026-02-01T00:00:00Z',
  })
  @IsOptional()
  @Rule('isTimestamp', isTimestamp, TIMESTAMP_WORDS)
  to?: string;

  @PageLimit('Calls on a page', DEFAULT_LIMIT)
  limit?: string;

  @ApiPropertyOptional({
    type: String,
    description: 'Where the page before ended: its `meta.nextCursor`',
    example: CURSOR_EXAMPLE,
  })
  @IsOptional()
  @Rule('isCursor', (value) => typeof value === 'string' && CURSOR.test(value), NOT_A_CURSOR)
  cursor?: string;

  toFilter(): Omit<CallFilter, 'after'> {
    return {
      direction: this.direction ?? 'outgoing',
      state: this.state,
      outcome: this.outcome,
      numbers: calleeNumbers(this.number),
      from: this.from === undefined ? undefined : new Date(this.from),
      to: this.to === undefined ? undefined : new Date(this.to),
      limit: this.limit === undefined ? DEFAULT_LIMIT : Number(this.limit),
    };
  }
}

function calleeNumbers(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'string') return undefined;
  const parsed = parseCallee(value);
  return parsed.ok ? numbersOf(parsed.callee) : undefined;
}

function calleeFault(value: unknown): string {
  const parsed = typeof value === 'string' ? parseCallee(value) : undefined;
  return parsed && !parsed.ok ? `must be a phone number: ${parsed.detail}` : 'must be given once';
}

function isTimestamp(value: unknown): boolean {
  return typeof value === 'string' && TIMESTAMP.test(value) && !Number.isNaN(Date.parse(value));
}

export class FindCallDto {
  @ApiProperty({
    description: 'Id of the call, as placing it answered',
    example: '00C28E4F5D0A4B7E91F2A3B4C5D6E7F8',
  })
  @IsString({ message: 'callId must be a string' })
  @IsNotEmpty({ message: 'callId is required' })
  callId: string;
}

export class CancelCallDto extends FindCallDto {}
