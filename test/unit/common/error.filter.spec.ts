import { createServer, type Server } from 'node:http';
import { BadRequestException, InternalServerErrorException, NotFoundException } from '@nestjs/common';
import express, { type NextFunction, type Request, type Response } from 'express';
import request from 'supertest';
import { QueryFailedError } from 'typeorm';
import { DomainError, type ErrorKind } from '../../../src/common/errors/domain-error.js';
import { ErrorFilter } from '../../../src/common/http/error.filter.js';
import { SilentLog } from '../../support/silent-log.js';

class SomeFailure extends DomainError {
  readonly code = 'some_failure';
  constructor(
    readonly kind: ErrorKind,
    override readonly retryAfterSeconds?: number,
  ) {
    super('It failed');
  }
}

function serverThatFailsWith(error: unknown, log = new SilentLog()): Server {
  const filter = new ErrorFilter(log);
  const app = express();
  app.use((_request: Request, response: Response, next: NextFunction) => {
    response.setHeader('Content-Type', 'image/png');
    next(error);
  });
  app.use((cause: unknown, _request: Request, response: Response, _next: NextFunction) =>
    filter.answer(cause, response),
  );
  return createServer(app);
}

describe('error envelope', () => {
  it.each<[ErrorKind, number]>([
    ['invalid', 400],
    ['unauthenticated', 401],
    ['forbidden', 403],
    ['not_found', 404],
    ['conflict', 409],
    ['too_large', 413],
    ['rate_limited', 429],
    ['failed', 500],
    ['upstream', 502],
    ['unavailable', 503],
    ['timeout', 504],
  ])('turns a failure of kind %s into %i', async (kind, status) => {
    const answer = await request(serverThatFailsWith(new SomeFailure(kind))).get('/');
    expect(answer.status).toBe(status);
    expect(answer.headers['x-error-code']).toBe('some_failure');
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.body).toEqual({ success: false, error: { message: 'It failed' } });
    expect(answer.headers['retry-after']).toBeUndefined();
  });

  it.each([
    [0.2, '1'],
    [0, '1'],
    [2.1, '3'],
    [60, '60'],
  ])('tells a wait of %d seconds as %s, rounded up and never zero', async (seconds, header) => {
    const answer = await request(serverThatFailsWith(new SomeFailure('conflict', seconds))).get('/');
    expect(answer.headers['retry-after']).toBe(header);
  });

  it.each([
    new Error('password=hunter2'),
    'text',
    undefined,
    null,
    new InternalServerErrorException('hunter2'),
  ])('says nothing about the inside when %p was thrown, and logs it', async (thrown) => {
    const log = new SilentLog();
    const filter = new ErrorFilter(log);
    const app = express();
    app.use((_request: Request, response: Response) => filter.answer(thrown, response));
    const answer = await request(createServer(app)).get('/');
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({ success: false, error: { message: 'Internal server error' } });
    expect(answer.text).not.toContain('hunter2');
    expect(log.sentences('error')).toEqual(['A request failed unexpectedly']);
  });

  it('says of a text that the database cannot take that it has a NUL character', async () => {
    const cause = Object.assign(new Error('invalid byte sequence'), { code: '22021' });
    const error = new QueryFailedError('SELECT', [], cause);
    const answer = await request(serverThatFailsWith(error)).get('/');
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: { message: 'Request cannot be understood: a text in it has a NUL character' },
    });
  });

  it('calls an unknown route what it is', async () => {
    const answer = await request(serverThatFailsWith(new NotFoundException('Cannot GET /x'))).get('/');
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({ success: false, error: { message: 'Route not found' } });
  });

  it('does not repeat the framework’s words about a bad request', async () => {
    const answer = await request(serverThatFailsWith(new BadRequestException('inside'))).get('/');
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain('inside');
  });
});
