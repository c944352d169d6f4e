import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express, NextFunction, Request, Response } from 'express';
import type { ErrorFilter } from './error.filter.js';
import { MethodNotAllowed, RouteNotFound } from './request.errors.js';

/**
 * Answers what no route took: 405 on a path that other methods have, else 404. The router itself knows which those are.
 * Comes after all routes.
 */
export function answerUnrouted(app: NestExpressApplication, errors: ErrorFilter): void {
  const express: Express = app.getHttpAdapter().getInstance();
  const allowed = new WeakMap<Request, Set<string>>();
  for (const [path, methods] of methodsByPath(express)) {
    express.all(path, (request: Request, _response: Response, next: NextFunction) => {
      allowed.set(request, new Set([...(allowed.get(request) ?? []), ...methods]));
      next();
    });
  }
  express.use((request: Request, response: Response) => {
    const methods = allowed.get(request);
    // The layers above are no routes: reports and metrics know only paths on which work was done.
    request.route = undefined;
    errors.answer(methods ? new MethodNotAllowed([...methods]) : new RouteNotFound(), response);
  });
}

/** By the template of each path. */
function methodsByPath({ router }: Express): Map<string, Set<string>> {
  const byPath = new Map<string, Set<string>>();
  for (const { route } of router.stack) {
    if (!route) continue;
    const methods = byPath.get(route.path) ?? new Set();
    for (const { method } of route.stack) methods.add(method.toUpperCase());
    byPath.set(route.path, methods);
  }
  for (const methods of byPath.values()) {
    // The router gives a HEAD to the route of GET, unless there is one for HEAD: that is there to keep it from the other.
    if (methods.has('GET') && !methods.delete('HEAD')) methods.add('HEAD');
    methods.add('OPTIONS');
  }
  return byPath;
}
