import type { IncomingMessage } from 'node:http';
import { TextDecoder } from 'node:util';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import type { Request } from 'express';
import type { Observable } from 'rxjs';
import { FairTurns } from '../async/fair-turns.js';
import { readBodyBytes } from './body-bytes.js';
import { tenantOf, type RequestWithCaller } from './caller.js';
import { InvalidRequestBody, UnsupportedCharset } from './request.errors.js';

/** No body of the API is deeper than 3. */
const MAX_DEPTH = 32;
/** Below this a body is parsed in well under a millisecond. */
const LARGE_BYTES = 4096;
/**
 * Large bodies are parsed one in each turn of the event loop, of the accounts in turn: all other work goes on in between. An account
 * then waits for twice as long as its body took, which may be 5 ms.
 */
const largeBodies = new FairTurns<string | undefined>({ places: 1, placesPerKey: 1 });
const REST_FACTOR = 2;
const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/**
 * Reads the body as JSON, whatever its content type says. An interceptor, because interceptors run after all guards and
 * before the pipes: a request without a valid token, or over its limit, costs no parsing.
 */
export class JsonBodyInterceptor implements NestInterceptor {
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    request.body = await readJson(request);
    return next.handle();
  }
}

/**
 * `undefined` when there is no body.
 * @throws RequestBodyTooLarge, UnsupportedCharset, InvalidRequestBody
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const bytes = await readBodyBytes(request);
  if (bytes === undefined) return undefined;
  const charset = CHARSET.exec(request.headers['content-type'] ?? '')?.[1];
  if (bytes.length < LARGE_BYTES) return parsed(bytes, charset);
  const { caller } = request as RequestWithCaller;
  const turn = await largeBodies.take(tenantOf(caller)?.accountId ?? caller?.kind);
  const startedMs = performance.now();
  try {
    return parsed(bytes, charset);
  } finally {
    const restMs = (performance.now() - startedMs) * REST_FACTOR;
    // Not before the turn is over: a timer that is due already runs before it, and would let the next body in.
    setImmediate(() => {
      turn.stepAside();
      setTimeout(() => turn.end(), restMs);
    });
  }
}

function parsed(bytes: Buffer, charset: string | undefined): unknown {
  const text = textOf(bytes, charset);
  // Parsing and checking walk down recursively.
  if (isDeeperThan(MAX_DEPTH, text)) throw new InvalidRequestBody('it is nested too deeply');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InvalidRequestBody('it is not valid JSON');
  }
}

/** JSON is UTF-8 (RFC 8259, section 8.1); a client that declares something else is believed. A byte order mark is dropped. */
function textOf(bytes: Buffer, charset: string | undefined): string {
  const decoder = decoderFor(bytes, charset);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new InvalidRequestBody(`it is not valid ${decoder.encoding.toUpperCase()}`);
  }
}

function decoderFor(bytes: Buffer, charset = 'utf-8'): TextDecoder {
  // Browsers take UTF-16 without an order for little-endian, RFC 2781 for big-endian; JSON begins with an ASCII character.
  const isBigEndian =
    /^utf-?16$/i.test(charset) && (bytes[0] === 0 || (bytes[0] === 0xfe && bytes[1] === 0xff));
  try {
    return new TextDecoder(isBigEndian ? 'utf-16be' : charset, { fatal: true });
  } catch {
    throw new UnsupportedCharset(charset);
  }
}

/** Looks at the text: building a deep value costs more than finding out that it is deep. */
function isDeeperThan(levels: number, text: string): boolean {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') isInText = !isInText;
    else if (!isInText && (character === '{' || character === '[')) depth += 1;
    else if (!isInText && (character === '}' || character === ']')) depth -= 1;
    else if (isInText && character === '\\') at += 1;
    if (depth > levels) return true;
  }
  return false;
}
