import { ValidateBy, type ValidationArguments, type ValidationOptions } from 'class-validator';

/** One rule in our own words. A field that is missing or `null` is checked, too. */
export function Rule(
  name: string,
  holds: (value: unknown) => boolean,
  words: string | ((value: unknown) => string),
  options?: ValidationOptions,
): PropertyDecorator {
  const wordsFor = (value: unknown): string => (typeof words === 'string' ? words : words(value));
  const validator = {
    validate: holds,
    defaultMessage: (args?: ValidationArguments) => `$property ${wordsFor(args?.value)}`,
  };
  return ValidateBy({ name, validator }, options);
}
