import express, { type NextFunction, type Request, type Response } from 'express';
import type { DomainError } from '../errors/domain-error.js';
import { InvalidRequestBody, RequestBodyTooLarge } from './request.errors.js';

const LIMIT_BYTES = 100 * 1024;
/** No body of the API is deeper than 3; transformation and validation walk down recursively. */
const MAX_DEPTH = 32;
const parse = express.json({ limit: LIMIT_BYTES, type: () => true, strict: false });

/** A body that could not be read is remembered here, because token and ownership are checked before the body. */
export interface RequestWithBody extends Request {
  bodyProblem?: DomainError;
}

/** Reads every body as JSON in UTF-8 (RFC 8259, section 8.1), whatever its content type says; faults wait for the guards. */
export function jsonBody(request: RequestWithBody, response: Response, next: NextFunction): void {
  // The parser would go by the charset in it.
  delete request.headers['content-type'];
  // The parser would complain about the encoding of nothing.
  if (request.headers['content-length'] === '0') {
    next();
    return;
  }
  parse(request, response, (fault?: unknown) => {
    if (fault !== undefined) request.bodyProblem = problemOf(fault);
    else if (isDeeperThan(MAX_DEPTH, request.body)) {
      request.body = undefined;
      request.bodyProblem = new InvalidRequestBody('it is nested too deeply');
    }
    next();
  });
}

function problemOf(fault: unknown): DomainError {
  const type = typeof fault === 'object' && fault !== null && 'type' in fault ? fault.type : undefined;
  if (type === 'entity.too.large') return new RequestBodyTooLarge();
  if (type === 'entity.parse.failed') return new InvalidRequestBody('it is not valid JSON');
  return new InvalidRequestBody('it cannot be read');
}

/** Level by level, because recursion is what a deep value breaks. */
function isDeeperThan(levels: number, value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= levels; depth += 1) {
    level = level.flatMap((one): unknown[] =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    );
    if (level.length === 0) return false;
  }
  return true;
}
