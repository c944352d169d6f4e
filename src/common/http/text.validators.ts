import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';

/** Wrong type only: text, `null` and a missing value pass, so that "missing" can be a problem of its own. */
export function IsTextIfGiven(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isTextIfGiven',
      validator: {
        validate: (value: unknown) => value === undefined || value === null || typeof value === 'string',
        defaultMessage: buildMessage((prefix) => `${prefix}$property must be a string`, options),
      },
    },
    options,
  );
}

/** Missing, `null`, empty and blank text fail; what is no text at all passes, because `IsTextIfGiven` tells that. */
export function IsFilled(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isFilled',
      validator: {
        validate: (value: unknown) =>
          value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === ''),
        defaultMessage: buildMessage((prefix) => `${prefix}$property is required`, options),
      },
    },
    options,
  );
}
