import { ValidationPipe, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { DomainError } from '../errors/domain-error.js';
import { declaredPart } from './declared-fields.js';
import { InvalidQuery, InvalidRequestBody } from './request.errors.js';

/**
 * What a broken rule means to the client when it is more than "wrong type". Of several broken rules the one with the
 * lowest rank is told; a rule without a problem has rank 0.
 */
class RequestProblem {
  constructor(
    readonly rank: number,
    readonly error: () => DomainError,
    /** A value of the wrong type breaks the rules about its size too; the type is what its sender must hear. */
    readonly aboutType = true,
  ) {}
}

function byImportance(a: RequestProblem, b: RequestProblem): number {
  return a.rank - b.rank || Number(b.aboutType) - Number(a.aboutType);
}

/** Put on a class-validator rule: `@Max(60, problem(2, () => new DurationOutOfRange()))`. */
export function problem(rank: number, error: () => DomainError): { context: { problem: RequestProblem } } {
  // One level deep, because class-validator copies the fields of a context into an object of its own.
  return { context: { problem: new RequestProblem(rank, error) } };
}

const options = { whitelist: true, transform: true, forbidUnknownValues: false } as const;

const bodyProblem = (detail: string) => new InvalidRequestBody(detail);
const queryProblem = (detail: string) => new InvalidQuery(detail);

/** Checks bodies and queries against their DTO classes; unknown fields are dropped. */
export class RequestValidationPipe implements PipeTransform {
  private readonly bodies = new ValidationPipe({
    ...options,
    exceptionFactory: (errors) => worstOf(errors, bodyProblem),
  });
  private readonly queries = new ValidationPipe({
    ...options,
    exceptionFactory: (errors) => worstOf(errors, queryProblem),
  });

  transform(value: unknown, metadata: ArgumentMetadata): unknown {
    if (metadata.type === 'query')
      return this.queries.transform(cut(value, metadata, queryProblem), metadata);
    if (metadata.type !== 'body') return value;
    // No body at all is a body without fields; what is missing in it has messages of its own.
    const body = value === undefined ? {} : value;
    if (!isObject(body)) throw new InvalidRequestBody('a JSON object is expected');
    return this.bodies.transform(cut(body, metadata, bodyProblem), metadata);
  }
}

function cut(
  value: unknown,
  { metatype }: ArgumentMetadata,
  refused: (detail: string) => DomainError,
): unknown {
  return isObject(value) && metatype ? declaredPart(value, metatype, refused) : value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function worstOf(errors: ValidationError[], wrongType: (detail: string) => DomainError): DomainError {
  const problems = errors.flatMap((error) => problemsOf(error, wrongType));
  const [first] = problems.sort(byImportance);
  return first ? first.error() : wrongType('it cannot be read');
}

function problemsOf(
  error: ValidationError,
  wrongType: (detail: string) => DomainError,
  parent = '',
): RequestProblem[] {
  const path = parent + error.property;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => {
    const detail = parent ? `${parent}${message}` : message;
    return (
      problemIn(error.contexts?.[rule]) ??
      new RequestProblem(0, () => wrongType(detail), /^is[A-Z]/.test(rule))
    );
  });
  return [...own, ...(error.children ?? []).flatMap((child) => problemsOf(child, wrongType, `${path}.`))];
}

function problemIn(context: unknown): RequestProblem | undefined {
  if (typeof context !== 'object' || context === null || !('problem' in context)) return undefined;
  return context.problem instanceof RequestProblem ? context.problem : undefined;
}
