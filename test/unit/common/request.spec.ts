import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import express, { type Response } from 'express';
import request from 'supertest';
import { jsonBody, type RequestWithBody } from '../../../src/common/http/json-body.js';
import { requestId } from '../../../src/common/http/request-id.js';

const app = express();
app.use(requestId, jsonBody);
app.use((req: RequestWithBody, res: Response) => {
  const body: unknown = req.body;
  res.json({ problem: req.bodyProblem?.message ?? null, body: body ?? null });
});
const server = createServer(app);

const post = (body: string | Buffer, headers: Record<string, string> = {}) => {
  const sent = request(server).post('/').set('Content-Type', 'text/plain').set(headers);
  return sent.serialize((given: unknown) => given as string).send(body as string);
};

describe('reading a request', () => {
  it('reads JSON whatever its content type says', async () => {
    expect((await post('{"a":1}')).body).toEqual({ problem: null, body: { a: 1 } });
  });

  it('remembers a body that is not JSON instead of answering at once', async () => {
    const answer = await post('{');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ problem: 'Invalid request body: it is not valid JSON' });
  });

  it('remembers a body over 100 kB', async () => {
    expect((await post(`"${'a'.repeat(102_400)}"`)).body).toMatchObject({
      problem: 'Request body is larger than 100 kB',
    });
    expect((await post(`"${'a'.repeat(102_000)}"`)).body).toMatchObject({ problem: null });
  });

  it('remembers a body that only grows over 100 kB when it is unpacked', async () => {
    const packed = gzipSync(`"${'a'.repeat(1_000_000)}"`);
    expect((await post(packed, { 'Content-Encoding': 'gzip' })).body).toMatchObject({
      problem: 'Request body is larger than 100 kB',
    });
  });

  it('remembers a body in an unknown encoding', async () => {
    expect((await post('{}', { 'Content-Encoding': 'foo' })).body).toMatchObject({
      problem: 'Invalid request body: it cannot be read',
    });
  });

  it('refuses a body so deep that walking through it would break', async () => {
    expect((await post(`{"a":${'['.repeat(40_000)}${']'.repeat(40_000)}}`)).body).toEqual({
      problem: 'Invalid request body: it is nested too deeply',
      body: null,
    });
    expect((await post('{"a":{"b":[1,{"c":2}]}}')).body).toMatchObject({ problem: null });
  });

  it('gives every answer an id of its own', async () => {
    const ids = [(await post('{}')).headers['x-request-id'], (await post('{}')).headers['x-request-id']];
    expect(new Set(ids).size).toBe(2);
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('keeps the client’s plain id and replaces any other', async () => {
    expect((await post('{}', { 'X-Request-Id': 'order-17.3' })).headers['x-request-id']).toBe('order-17.3');
    expect((await post('{}', { 'X-Request-Id': 'a b"c' })).headers['x-request-id']).toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });
});
