import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { PageLimit } from '../../common/http/page-query.js';
import { parseCallee } from '../../whatsapp/jid.js';
import { CURSOR, CURSOR_EXAMPLE, NOT_A_CURSOR } from '../call-cursor.js';
import type { CallFilter } from '../call-list-query.js';
import {
  CALL_DIRECTIONS,
  CALL_OUTCOMES,
  CALL_STATES,
  type CallOutcome,
  type CallState,
  type IncomingOutcome,
} from '../call-state.js';
import { numbersOf } from '../fake-call-request.js';
import { Rule } from '../../common/http/rule.js';

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
