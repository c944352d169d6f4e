import { Catch, HttpException, HttpStatus, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { isUnstorableText } from '../database/failed-query.js';
import { DomainError, type ErrorKind } from '../errors/domain-error.js';
import { Log } from '../logging/log.js';
import { MethodNotAllowed, RequestNotUnderstood, RouteNotFound } from './request.errors.js';

/** 431 (RFC 6585) is not among Nest's names. */
const REQUEST_HEADER_FIELDS_TOO_LARGE = 431;

const STATUS: Record<ErrorKind, number> = {
  invalid: HttpStatus.BAD_REQUEST,
  unauthenticated: HttpStatus.UNAUTHORIZED,
  forbidden: HttpStatus.FORBIDDEN,
  not_found: HttpStatus.NOT_FOUND,
  method_not_allowed: HttpStatus.METHOD_NOT_ALLOWED,
  conflict: HttpStatus.CONFLICT,
  too_slow: HttpStatus.REQUEST_TIMEOUT,
  too_large: HttpStatus.PAYLOAD_TOO_LARGE,
  unsupported_media: HttpStatus.UNSUPPORTED_MEDIA_TYPE,
  address_too_long: HttpStatus.URI_TOO_LONG,
  headers_too_large: REQUEST_HEADER_FIELDS_TOO_LARGE,
  rate_limited: HttpStatus.TOO_MANY_REQUESTS,
  failed: HttpStatus.INTERNAL_SERVER_ERROR,
  upstream: HttpStatus.BAD_GATEWAY,
  unavailable: HttpStatus.SERVICE_UNAVAILABLE,
  timeout: HttpStatus.GATEWAY_TIMEOUT,
};

/** For answers that are not the error envelope. */
export function statusOf({ kind }: DomainError): number {
  return STATUS[kind];
}

export const INTERNAL_ERROR_MESSAGE = 'Internal server error';

interface ErrorAnswer {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly retryAfterSeconds?: number;
  readonly allow?: string;
}

/** The only place where an error becomes a status. What is not ours to tell says nothing about the inside. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    this.answer(exception, host.switchToHttp().getResponse<Response>());
  }

  /** Answers with the error envelope; also for requests that never reach a route. */
  answer(exception: unknown, response: Response): void {
    const { status, code, message, retryAfterSeconds, allow } = this.answerTo(exception, response);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    // A handler may have announced another content before it failed.
    for (const name of ['Content-Type', 'Content-Length', 'Content-Disposition']) response.removeHeader(name);
    response.status(status).setHeader('X-Error-Code', code);
    if (retryAfterSeconds !== undefined) {
      response.setHeader('Retry-After', String(Math.max(1, Math.ceil(retryAfterSeconds))));
    }
    if (allow !== undefined) response.setHeader('Allow', allow);
    response.json({ success: false, error: { message } });
  }

  private answerTo(exception: unknown, response: Response): ErrorAnswer {
    if (exception instanceof DomainError) {
      const { message, code, retryAfterSeconds } = exception;
      const allow = exception instanceof MethodNotAllowed ? exception.methods.join(', ') : undefined;
      return { status: STATUS[exception.kind], code, message, retryAfterSeconds, allow };
    }
    if (exception instanceof HttpException && exception.getStatus() < 500) {
      return exception.getStatus() === 404
        ? this.answerTo(new RouteNotFound(), response)
        : this.answerTo(new RequestNotUnderstood(), response);
    }
    // Rules about fields come before it; whatever they miss is the client's fault all the same.
    if (isUnstorableText(exception)) {
      return this.answerTo(new RequestNotUnderstood('a text in it has a NUL character'), response);
    }
    this.log.error('A request failed unexpectedly', {
      requestId: response.getHeader('X-Request-Id'),
      err: exception,
    });
    return {
      status: HttpStatus.INTERNAL_SERVER_ERROR,
      code: 'internal_error',
      message: INTERNAL_ERROR_MESSAGE,
    };
  }
}
