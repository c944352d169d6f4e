import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { Reflector } from '@nestjs/core';
import { INSTANCE_ROUTE } from './instance-route.js';
import { InstanceNameRequired } from './request.errors.js';

/**
 * A path that lacks the name of an instance, which no DTO can see. Runs after the token guard, so that a stranger does not
 * learn which routes exist; the body is read after it.
 */
@Injectable()
export class RequestShapeGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const onInstance = this.reflector.get<boolean | undefined>(INSTANCE_ROUTE, context.getHandler());
    if (onInstance && !instanceNameOf(request)) throw new InstanceNameRequired();
    return true;
  }
}

/** The instance that the path names; `undefined` when it names none, or a blank one. */
export function instanceNameOf(request: Request): string | undefined {
  const { instance } = request.params;
  return typeof instance === 'string' && instance.trim() !== '' ? instance : undefined;
}
