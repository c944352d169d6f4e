import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import { DomainError } from '../../../../src/common/errors/domain-error.js';
import { RequestValidationPipe } from '../../../../src/common/http/validation.pipe.js';

const pipe = new RequestValidationPipe();

/** What a request becomes on its way to the controller: a value, or `code: message` of the error. */
export async function readRequest<T, R>(
  type: 'body' | 'query',
  metatype: Type<T>,
  value: unknown,
  use: (parsed: T) => R,
): Promise<R | string> {
  try {
    const parsed: unknown = await pipe.transform(value, { type, metatype });
    if (!(parsed instanceof metatype)) throw new TypeError('The pipe made something else');
    return use(parsed);
  } catch (error) {
    if (error instanceof DomainError) return `${error.code}: ${error.message}`;
    throw error;
  }
}
