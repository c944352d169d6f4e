import type { NextFunction, Request, Response } from 'express';
import type { EventBus } from '../events/event-bus.js';
import type { Log } from '../logging/log.js';
import { LineBudget } from '../logging/line-budget.js';
import { inRequest } from '../logging/request-context.js';
import type { Clock } from '../time/clock.js';
import type { RequestWithCaller } from './caller.js';
import { RequestAnswered } from './request-answered.event.js';

/**
 * Emitted on a response, with the status, by whoever answers on the bare connection: such a response is never closed.
 */
export const ANSWERED_OTHERWISE = Symbol('answered otherwise');

/** What nginx notes for a client that closed its request. */
const CLIENT_LEFT = 499;

/** Asked every few seconds by monitors, which would drown the log. */
const PROBE = /^\/(health|metrics)(\/|$)/;

const UNMATCHED = 'unmatched';
const UNAVAILABLE = 503;

/** Statuses that no route answers with after its work has begun. */
const REFUSING_STATUSES: ReadonlySet<number> = new Set([401, 405, 408, 413, 414, 431]);
/** Codes of refusals before the work of a route whose status has other meanings too. */
const REFUSING_CODES: ReadonlySet<unknown> = new Set([
  'rate_limited',
  'too_many_requests',
  'route_not_found',
  'instance_mismatch',
  'pairing_link_invalid',
]);

/** For each status; the rest is counted. */
const REFUSALS_A_MINUTE = 60;
const MAX_STATUSES = 50;

/**
 * Reports every request when it is over: one line in the log, and the event `RequestAnswered`. Only the lines of requests that
 * were refused before a route did any work are limited: nothing keeps a stranger from sending as many of those as he can.
 */
export class RequestReports {
  private readonly refusals: LineBudget<undefined>;

  constructor(
    private readonly log: Log,
    private readonly events: EventBus,
    private readonly clock: Clock,
  ) {
    this.refusals = new LineBudget(clock, {
      linesAMinute: REFUSALS_A_MINUTE,
      maxKinds: MAX_STATUSES,
      report: (held) =>
        log.info('More requests were refused', {
          requests: held.reduce((sum, { count }) => sum + count, 0),
          refusals: Object.fromEntries(held.flatMap(({ countByLabel }) => Object.entries(countByLabel))),
        }),
    });
  }

  /** Reports the refusals that have been counted since the last report. */
  flush(): void {
    this.refusals.flush();
  }

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
    const kind = `${status} ${errorCode === undefined ? 'client_left' : String(errorCode)}`;
    if (PROBE.test(route)) this.log.debug('A probe was answered', line);
    else if (!isRefusal(request, line) || this.refusals.take(String(status), kind, undefined))
      this.log.info('A request was answered', line);
    void this.events.publish(new RequestAnswered(method, route, status, durationMs));
  }
}

interface ReportLine {
  readonly route: string;
  readonly status: number;
  readonly errorCode?: unknown;
}

function isRefusal({ caller }: RequestWithCaller, { route, status, errorCode }: ReportLine): boolean {
  if (status < 400) return false;
  if (route === UNMATCHED || REFUSING_STATUSES.has(status) || REFUSING_CODES.has(errorCode)) return true;
  // Left, or met a database that is away, before the token was looked up.
  return caller === undefined && (status === CLIENT_LEFT || status === UNAVAILABLE);
}

function templateOf(request: Request): string {
  const route: unknown = request.route;
  if (typeof route !== 'object' || route === null || !('path' in route)) return UNMATCHED;
  return typeof route.path === 'string' ? route.path : UNMATCHED;
}
