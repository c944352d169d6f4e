import { createServer, type IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import express, { type Request, type Response } from 'express';
import request from 'supertest';
import { statusOf } from '../../../src/common/http/error.filter.js';
import { DomainError } from '../../../src/common/errors/domain-error.js';
import { readJson } from '../../../src/common/http/json-body.js';
import { requestId } from '../../../src/common/http/request-id.js';

const app = express();
app.use(requestId);
app.use(async (req: Request, res: Response) => {
  try {
    res.json({ body: (await readJson(req)) ?? null });
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    res.json({ problem: `${statusOf(error)} ${error.message}` });
  }
});
const server = createServer(app);

const post = (body: string | Buffer, headers: Record<string, string> = {}) => {
  const sent = request(server).post('/').set('Content-Type', 'text/plain').set(headers);
  return sent.serialize((given: unknown) => given as string).send(body as string);
};
const read = async (body: string | Buffer, headers: Record<string, string> = {}): Promise<unknown> =>
  (await post(body, headers)).body as unknown;
const inCharset = (charset: string) => ({ 'Content-Type': `application/json; charset=${charset}` });

/** A request of an account whose whole body has come in. */
function receivedRequest(accountId: string, body: string): IncomingMessage {
  const headers = { 'content-length': String(body.length) };
  const caller = { kind: 'account', accountId };
  return Object.assign(Readable.from([Buffer.from(body)]), { headers, caller }) as unknown as IncomingMessage;
}

describe('reading a request', () => {
  it('parses one large body in a turn of the event loop, of the accounts in turn', async () => {
    const large = JSON.stringify({ text: 'a'.repeat(50_000) });
    const order: string[] = [];
    let immediates = 0;
    const parsedAt: number[] = [];
    const count = (): void => {
      immediates += 1;
      if (parsedAt.length < 5) setImmediate(count);
    };
    const read = async (accountId: string): Promise<void> => {
      await readJson(receivedRequest(accountId, large));
      order.push(accountId);
      parsedAt.push(immediates);
      // On a busy machine every timer is due by the next turn.
      const until = performance.now() + 3;
      while (performance.now() < until);
    };
    setImmediate(count);
    await Promise.all(['greedy', 'greedy', 'greedy', 'greedy', 'quiet'].map(read));
    expect(new Set(parsedAt).size).toBe(5);
    expect(order.indexOf('quiet')).toBeLessThan(3);
  });

  it('leaves time to others between the large bodies of one account', async () => {
    const large = `{${Array.from({ length: 12_800 }, (_, index) => `"${index.toString(36)}":1`).join(',')}}`;
    let turns = 0;
    let left = 6;
    const count = (): void => {
      turns += 1;
      if (left > 0) setImmediate(count);
    };
    setImmediate(count);
    const bodies = Array.from({ length: left }, async () => {
      await readJson(receivedRequest('greedy', large));
      left -= 1;
    });
    await Promise.all(bodies);
    // One after the other they would take a few turns of the event loop each.
    expect(turns).toBeGreaterThan(100);
  });

  it('reads JSON whatever its content type says', async () => {
    expect(await read('{"a":1}')).toEqual({ body: { a: 1 } });
  });

  it('refuses a body that is not JSON', async () => {
    expect(await read('{')).toEqual({ problem: '400 Invalid request body: it is not valid JSON' });
  });

  it('refuses a body over 100 kB', async () => {
    const problem = '413 Request body is larger than 100 kB';
    expect(await read(`"${'a'.repeat(102_400)}"`)).toEqual({ problem });
    expect(await read(`"${'a'.repeat(102_000)}"`)).toEqual({ body: 'a'.repeat(102_000) });
  });

  it('refuses a body that only grows over 100 kB when it is unpacked', async () => {
    const packed = gzipSync(`"${'a'.repeat(1_000_000)}"`);
    expect(await read(packed, { 'Content-Encoding': 'gzip' })).toEqual({
      problem: '413 Request body is larger than 100 kB',
    });
    expect(await read(gzipSync('{"a":1}'), { 'Content-Encoding': 'gzip' })).toEqual({ body: { a: 1 } });
  });

  it('names what is wrong with the encoding of a body', async () => {
    expect(await read('{}', { 'Content-Encoding': 'foo' })).toEqual({
      problem: '400 Invalid request body: its Content-Encoding must be gzip, deflate, br or none',
    });
    expect(await read('{}', { 'Content-Encoding': 'gzip' })).toEqual({
      problem: '400 Invalid request body: it cannot be unpacked',
    });
  });

  it('refuses a body so deep that walking through it would break', async () => {
    const problem = '400 Invalid request body: it is nested too deeply';
    expect(await read(`{"a":${'['.repeat(40_000)}${']'.repeat(40_000)}}`)).toEqual({ problem });
    expect(await read('{"a":{"b":[1,{"c":2}]}}')).toEqual({ body: { a: { b: [1, { c: 2 }] } } });
    const brackets = `\\"${'[{'.repeat(50)}`;
    expect(await read(JSON.stringify({ brackets }))).toEqual({ body: { brackets } });
  });

  it('refuses bytes that are not UTF-8 when no charset is declared', async () => {
    const problem = '400 Invalid request body: it is not valid UTF-8';
    for (const bytes of ['{"a":"caf\xe9"}', '{"a":"\xed\xa0\x80"}', '{"a":"\xc3']) {
      expect(await read(Buffer.from(bytes, 'latin1'))).toEqual({ problem });
      expect(await read(Buffer.from(bytes, 'latin1'), inCharset('utf-8'))).toEqual({ problem });
    }
    expect(await read('{"a":"café 😀"}')).toEqual({ body: { a: 'café 😀' } });
  });

  it.each<[string, Buffer]>([
    ['latin1', Buffer.from('{"a":"café"}', 'latin1')],
    ['ISO-8859-1', Buffer.from('{"a":"café"}', 'latin1')],
    ['"windows-1252"', Buffer.from('{"a":"café"}', 'latin1')],
    ['utf-16', Buffer.from('{"a":"café"}', 'utf16le')],
    ['utf-16', Buffer.from('\ufeff{"a":"café"}', 'utf16le')],
    ['utf-16', Buffer.from('{"a":"café"}', 'utf16le').swap16()],
    ['UTF-16', Buffer.from('\ufeff{"a":"café"}', 'utf16le').swap16()],
    ['utf-16be', Buffer.from('{"a":"café"}', 'utf16le').swap16()],
    ['utf8', Buffer.from('\ufeff{"a":"café"}')],
  ])('decodes a body in the declared charset %s', async (charset, bytes) => {
    expect(await read(bytes, inCharset(charset))).toEqual({ body: { a: 'café' } });
  });

  it.each(['nonsense', 'utf-7', 'utf-32'])('answers 415 to the charset %s', async (charset) => {
    expect(await read('{}', inCharset(charset))).toEqual({
      problem: `415 Charset ${charset} is not supported: send the body as UTF-8`,
    });
  });

  it('refuses a body that is not in the declared charset', async () => {
    expect(await read(Buffer.from('"\ud800"', 'utf16le'), inCharset('utf-16'))).toEqual({
      problem: '400 Invalid request body: it is not valid UTF-16LE',
    });
  });

  it('drops a byte order mark', async () => {
    expect(await read('\ufeff{"a":1}')).toEqual({ body: { a: 1 } });
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
