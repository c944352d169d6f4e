import { applyDecorators, createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import type { Request } from 'express';

/** Who sends a request, as the token says. */
export type Caller =
  | { readonly kind: 'admin' }
  | { readonly kind: 'account'; readonly accountId: string }
  | {
      readonly kind: 'instance';
      readonly accountId: string;
      readonly instanceId: string;
      readonly instanceName: string;
    };

/** A caller that belongs to an account: everybody but the administrator of the installation. */
export type TenantCaller = Exclude<Caller, { kind: 'admin' }>;

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

/** The tenant behind the request. The guard has made sure that there is one. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): TenantCaller => {
  const { caller } = requestOf(context);
  if (!caller || caller.kind === 'admin') throw new TypeError('A tenant route ran without a tenant');
  return caller;
});
