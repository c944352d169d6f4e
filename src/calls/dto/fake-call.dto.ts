import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsFilled, IsTextIfGiven } from '../../common/http/text.validators.js';
import { problem } from '../../common/http/validation.pipe.js';
import { parseCallee } from '../../whatsapp/jid.js';
import { InvalidNumber } from '../../whatsapp/whatsapp.errors.js';
import { DurationOutOfRange, NumberRequired } from '../calls.errors.js';
import type { FakeCallRequest } from '../fake-call-request.js';
import { Rule } from '../../common/http/rule.js';

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
