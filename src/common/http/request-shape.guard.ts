import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { INSTANCE_ROUTE } from './instance-route.js';
import type { RequestWithBody } from './json-body.js';
import { InstanceNameRequired } from './request.errors.js';

/**
 * Path and body faults that no DTO can see: a missing instance name, then a body that could not be read. Runs after
 * the token guard, so that a stranger learns nothing about either.
 */
@Injectable()
export class RequestShapeGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<RequestWithBody>();
    const onInstance = this.reflector.get<boolean | undefined>(INSTANCE_ROUTE, context.getHandler());
    if (onInstance && !instanceNameOf(request)) throw new InstanceNameRequired();
    if (request.bodyProblem) throw request.bodyProblem;
    return true;
  }
}

/** The instance that the path names; `undefined` when it names none, or a blank one. */
export function instanceNameOf(request: RequestWithBody): string | undefined {
  const { instance } = request.params;
  return typeof instance === 'string' && instance.trim() !== '' ? instance : undefined;
}
