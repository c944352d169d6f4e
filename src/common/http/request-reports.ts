import type { NextFunction, Request, Response } from 'express';
import type { EventBus } from '../events/event-bus.js';
import type { Log } from '../logging/log.js';
import { inRequest } from '../logging/request-context.js';
import type { Clock } from '../time/clock.js';
import { RequestAnswered } from './request-answered.event.js';

/**
 * Emitted on a response, with the status, by whoever answers on the bare connection: such a response is never closed.
 */
export const ANSWERED_OTHERWISE = Symbol('answered otherwise');

/** What nginx notes for a client that closed its request. */
const CLIENT_LEFT = 499;

/** Asked every few seconds by monitors, which would drown the log. */
const PROBE = /^\/(health|metrics)(\/|$)/;

/** Tells of every request when it is over: one line in the log, and the event `RequestAnswered`. */
export class RequestReports {
  constructor(
    private readonly log: Log,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {}

  /** Middleware; comes right after the one that gives the request its id. */
  watch(request: Request, response: Response, next: NextFunction): void {
    const startedMs = this.clock.monotonicMs();
    let isTold = false;
    const onOver = (status: number): void => {
      if (isTold) return;
      isTold = true;
      this.tell(request, response, status, this.clock.monotonicMs() - startedMs);
      end();
    };
    response.once('close', () => onOver(response.headersSent ? response.statusCode : CLIENT_LEFT));
    response.once(ANSWERED_OTHERWISE, onOver);
    const end = inRequest(String(response.getHeader('X-Request-Id')), () => next());
  }

  private tell(request: Request, response: Response, status: number, durationMs: number): void {
    const { method } = request;
    const route = templateOf(request);
    const errorCode = response.getHeader('X-Error-Code');
    const line = {
      // Explicitly: who closes the connection is not in the context of the request.
      requestId: response.getHeader('X-Request-Id'),
      method,
      route,
      status,
      durationMs: Math.round(durationMs * 10) / 10,
      ...(errorCode !== undefined && { errorCode }),
    };
    if (PROBE.test(route)) this.log.debug('A probe was answered', line);
    else this.log.info('A request was answered', line);
    void this.events.publish(new RequestAnswered(method, route, status, durationMs));
  }
}

function templateOf(request: Request): string {
  const route: unknown = request.route;
  if (typeof route !== 'object' || route === null || !('path' in route)) return 'unmatched';
  return typeof route.path === 'string' ? route.path : 'unmatched';
}
