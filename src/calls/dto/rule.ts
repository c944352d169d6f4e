import { ValidateBy, type ValidationOptions } from 'class-validator';

/** One rule in our own words. A field that is missing or `null` is checked, too. */
export function Rule(
  name: string,
  holds: (value: unknown) => boolean,
  words: string,
  options?: ValidationOptions,
): PropertyDecorator {
  return ValidateBy(
    { name, validator: { validate: holds, defaultMessage: () => `$property ${words}` } },
    options,
  );
}
