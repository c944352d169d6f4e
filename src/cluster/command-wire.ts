import { DomainError, ERROR_KINDS } from '../common/errors/domain-error.js';
import { RemoteFailure } from './cluster.errors.js';
import { fieldsOf, number, oneOf, text } from './wire-values.js';

/** A command on its way to the holder of an instance. */
export interface CommandRequest {
  readonly name: string;
  readonly instanceId: string;
  /** Not parsed yet. */
  readonly args: unknown;
}

/** What became of a command. */
export type CommandReply =
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly error: DomainError }
  /** A fault of the process; its log tells more. */
  | { readonly type: 'broken' }
  /** The process does not hold the instance; nothing was done. */
  | { readonly type: 'not_here' };

/** @throws TypeError */
export function parseRequest(value: unknown): CommandRequest {
  const { name, instanceId, args } = fieldsOf(value);
  return { name: text(name), instanceId: text(instanceId), args };
}

/** The reply as a JSON value. An error keeps what a client is told of it, and nothing else. */
export function formatReply(reply: CommandReply): unknown {
  switch (reply.type) {
    case 'done':
      return { type: 'done', result: reply.result ?? null };
    case 'failed': {
      const { kind, code, message, retryAfterSeconds = null } = reply.error;
      return { type: 'failed', error: { kind, code, message, retryAfterSeconds } };
    }
    case 'broken':
    case 'not_here':
      return { type: reply.type };
  }
}

/** @throws TypeError */
export function parseReply(value: unknown): CommandReply {
  const { type, result, error } = fieldsOf(value);
  switch (type) {
    case 'done':
      return { type, result };
    case 'failed':
      return { type, error: parseFailure(error) };
    case 'broken':
    case 'not_here':
      return { type };
    default:
      throw new TypeError('No reply');
  }
}

function parseFailure(value: unknown): RemoteFailure {
  const { kind, code, message, retryAfterSeconds } = fieldsOf(value);
  return new RemoteFailure({
    kind: oneOf(ERROR_KINDS)(kind),
    code: text(code),
    message: text(message),
    retryAfterSeconds: retryAfterSeconds === null ? null : number(retryAfterSeconds),
  });
}
