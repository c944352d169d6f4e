import type { Socket } from 'node:net';
import type { NextFunction, Request, Response } from 'express';
import { RouteNotFound, TooManyConnections } from './request.errors.js';

const PROBE = /^\/(health(\/(live|ready))?|metrics)\/?(\?|$)/i;

/** Why a connection is for probes only: its client has its share, nobody has a place left, or its port is for nothing else. */
export type Restriction = 'address_full' | 'all_full' | 'probe_port';

const restricted = new WeakMap<Socket, Restriction>();

/** From now on nothing but probes is served on this connection. */
export function restrictToProbes(socket: Socket, why: Restriction): void {
  restricted.set(socket, why);
}

/** Middleware: refuses what is no probe on a connection for probes. Whoever got it for lack of places leaves after one answer. */
export function probesFirst(request: Request, response: Response, next: NextFunction): void {
  const why = restricted.get(request.socket);
  if (why === 'address_full' || why === 'all_full') response.setHeader('Connection', 'close');
  if (why === undefined || PROBE.test(request.originalUrl)) next();
  else next(why === 'probe_port' ? new RouteNotFound() : new TooManyConnections(why));
}
