import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';

export const INSTANCE_ROUTE = Symbol('instance route');

/**
 * A route on one instance: `@InstanceRoute(Post, 'fake')` answers `fake/:instance`, and also `fake` alone, so that a
 * forgotten name is told as such instead of as an unknown route.
 */
export function InstanceRoute(method: (path: string[]) => MethodDecorator, path: string) {
  return applyDecorators(
    method([`${path}/:instance`, path]),
    SetMetadata(INSTANCE_ROUTE, true),
    ApiParam({ name: 'instance', description: 'Name of the instance, case-sensitive', example: 'shop' }),
  );
}
