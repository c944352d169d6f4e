import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import { Rule } from '../../common/http/rule.js';
import { IsFilled } from '../../common/http/text.validators.js';
import { EVENT_TYPES, isEventType } from '../../webhooks/store/webhook-wish.js';

const isFlagIfGiven = (value: unknown) =>
  value === undefined || value === null || value === '' || typeof value === 'boolean';

export interface FieldDocs {
  readonly description: string;
  readonly example?: unknown;
}

/** True or false; missing or `null` = not given. */
export function Flag(docs: FieldDocs) {
  return applyDecorators(ApiPropertyOptional({ type: Boolean, ...docs }), IsOptional(), IsBoolean());
}

/** True or false, and never left out. */
export function RequiredFlag(docs: FieldDocs) {
  return applyDecorators(
    ApiProperty({ type: Boolean, ...docs }),
    IsFilled(),
    Rule('isFlag', isFlagIfGiven, 'must be a boolean value'),
  );
}

/** A whole number within bounds; missing or `null` = not given. */
export function WholeNumber(min: number, max: number, docs: FieldDocs) {
  const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
  return applyDecorators(
    ApiPropertyOptional({ type: 'integer', minimum: min, maximum: max, ...docs }),
    IsOptional(),
    Rule('isWholeNumber', isWhole, 'must be a whole number'),
    Rule(
      'isWithinBounds',
      (value) => !isWhole(value) || (value >= min && value <= max),
      `must be from ${min} to ${max}`,
    ),
  );
}

/** Text without control characters (PostgreSQL cannot store NUL, headers no line breaks); missing or `null` = not given. */
export function Text(maxLength: number, docs: FieldDocs) {
  return textField(maxLength, hasControls, docs);
}

/** Like `Text`, but a text that people read may have line breaks and tabs. */
export function Message(maxLength: number, docs: FieldDocs) {
  return textField(maxLength, (text) => hasControls(text.replace(/[\n\r\t]/g, '')), docs);
}

function textField(maxLength: number, isBroken: (text: string) => boolean, docs: FieldDocs) {
  const ifText = (holds: (text: string) => boolean) => (value: unknown) =>
    typeof value !== 'string' || holds(value);
  return applyDecorators(
    ApiPropertyOptional({ type: String, maxLength, ...docs }),
    IsOptional(),
    Rule('isText', (value) => typeof value === 'string', 'must be a string'),
    Rule(
      'isShort',
      ifText((text) => text.length <= maxLength),
      `must have at most ${maxLength} characters`,
    ),
    Rule(
      'isClean',
      ifText((text) => !isBroken(text)),
      'must not have control characters',
    ),
  );
}

/** One of a few words; missing or `null` = not given. */
export function Choice(words: readonly string[], docs: FieldDocs) {
  return applyDecorators(
    ApiPropertyOptional({ type: String, enum: words, ...docs }),
    IsOptional(),
    IsIn(words, { message: `$property must be one of ${words.join(', ')}` }),
  );
}

/** TCP port as a number or as digits; missing, `null` or empty = not given. */
export function Port(docs: FieldDocs) {
  return applyDecorators(
    ApiPropertyOptional({ oneOf: [{ type: 'string' }, { type: 'integer' }], ...docs }),
    IsOptional(),
    Rule('isPort', (value) => value === '' || toPort(value) !== undefined, 'must be a port from 1 to 65535'),
  );
}

/** Names of event types; missing or `null` = not given. */
export function EventTypes(docs: FieldDocs) {
  return applyDecorators(
    ApiPropertyOptional({ type: String, enum: EVENT_TYPES, isArray: true, ...docs }),
    IsOptional(),
    Rule(
      'areEventTypes',
      (value) => Array.isArray(value) && value.every(isEventType),
      `must be a list of these names: ${EVENT_TYPES.join(', ')}; an empty list means all`,
    ),
  );
}

/** The port that a number or a text of digits tells; `undefined` when it tells none. */
export function toPort(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^\d{1,5}$/.test(text.trim())) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function hasControls(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- exactly these are looked for
  return /[\u0000-\u001f\u007f]/.test(text);
}
