import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsFilled } from '../../common/http/text.validators.js';
import { Rule } from '../../common/http/rule.js';
import { type FieldDocs } from '../../instances/dto/body-rules.js';

const isFlagIfGiven = (value: unknown) =>
  value === undefined || value === null || value === '' || typeof value === 'boolean';

/** True or false, and never left out. */
export function RequiredFlag(docs: FieldDocs) {
  return applyDecorators(
    ApiProperty({ type: Boolean, ...docs }),
    IsFilled(),
    Rule('isFlag', isFlagIfGiven, 'must be a boolean value'),
  );
}
