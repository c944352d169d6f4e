import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import type { Request, Response } from 'express';

/** Who sends a request, as the token says. */
export type Caller =
  | { readonly kind: 'admin' }
  | ({ readonly kind: 'account' } & OfAccount)
  | ({
      readonly kind: 'instance';
      readonly instanceId: string;
      readonly instanceName: string;
    } & OfAccount);

interface OfAccount {
  readonly accountId: string;
  /** Requests a minute over all tokens of the account; absent = as the operator's settings say. */
  readonly rateLimitPerMinute?: number;
}

/** A caller that belongs to an account: everybody but the administrator of the installation. */
export type TenantCaller = Exclude<Caller, { kind: 'admin' }>;

/** `undefined`: nobody, or the administrator of the installation. */
export function tenantOf(caller: Caller | undefined): TenantCaller | undefined {
  return caller?.kind === 'admin' ? undefined : caller;
}

export type TokenKind = Caller['kind'];

/** What the documentation calls the kinds of token. */
export const SECURITY_SCHEMES: Readonly<Record<TokenKind, string>> = {
  account: 'TokenAccount',
  instance: 'TokenInstance',
  admin: 'AdminToken',
};

/** Each of them may be sent as a Bearer token too. */
export const BEARER_SCHEME = 'Bearer';

export interface RequestWithCaller extends Request {
  caller?: Caller;
}

export const PUBLIC_ROUTE = Symbol('public route');
export const ACCEPTED_TOKENS = Symbol('accepted tokens');

export const LONG_WAIT = Symbol('long wait');

/**
 * The route waits for something outside for long, on purpose, and has a bound of its own: it takes none of the places that the
 * other requests of its account share.
 */
export const LongWait = () => SetMetadata(LONG_WAIT, true);

/** Opens a route to everybody. Without it, or `@AcceptsTokens()`, a route takes account and instance tokens. */
export const Public = () => SetMetadata(PUBLIC_ROUTE, true);

/** The kinds of token that a route takes; any other kind gets the answer of an unknown token. */
export const AcceptsTokens = (...kinds: TokenKind[]) =>
  applyDecorators(
    SetMetadata(ACCEPTED_TOKENS, kinds),
    ...kinds.map((kind) => ApiSecurity(SECURITY_SCHEMES[kind])),
  );

function requestOf(context: ExecutionContext): RequestWithCaller {
  return context.switchToHttp().getRequest<RequestWithCaller>();
}

/** Aborted when the connection of the request is closed, or its answer has left. */
export const ClientLeft = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal => {
  const response = context.switchToHttp().getResponse<Response>();
  const left = new AbortController();
  if (response.closed) left.abort();
  response.once('close', () => left.abort());
  return left.signal;
});

/** The tenant behind the request. The guard has made sure that there is one. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): TenantCaller => {
  const tenant = tenantOf(requestOf(context).caller);
  if (!tenant) throw new TypeError('A tenant route ran without a tenant');
  return tenant;
});
