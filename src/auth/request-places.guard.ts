import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { FairTurns, QueueFull } from '../common/async/fair-turns.js';
import { LONG_WAIT, tenantOf, type RequestWithCaller } from '../common/http/caller.js';
import { ClientLeft, TooManyRequests } from './auth.errors.js';

const PLACES_PER_ACCOUNT = 32;
const WAITING_PER_ACCOUNT = 1000;

/**
 * Lets few requests of an account work at a time in this process; the others of the account wait in the order of their arrival, and
 * nobody of another account does. Runs after token and rate limit, and before the body is read: what waits costs a connection and no
 * more. Routes that wait by themselves, `@LongWait()`, take no place.
 *
 * Of an account one request begins in each turn of the event loop. A request needs many turns, and each of them would last as long
 * as the work of all requests that one account has begun at the same time.
 */
@Injectable()
export class RequestPlacesGuard implements CanActivate {
  private readonly turns = new FairTurns<string>({
    placesPerKey: PLACES_PER_ACCOUNT,
    waitingPerKey: WAITING_PER_ACCOUNT,
  });
  private readonly starts = new FairTurns<string>({ placesPerKey: 1 });

  constructor(private readonly reflector: Reflector) {}

  /** @throws TooManyRequests, ClientLeft */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const { caller } = http.getRequest<RequestWithCaller>();
    const waitsLong = this.reflector.get<boolean | undefined>(LONG_WAIT, context.getHandler()) ?? false;
    const tenant = tenantOf(caller);
    if (!tenant) return true;
    const response = http.getResponse<Response>();
    if (!waitsLong) await this.take(tenant.accountId, response);
    const start = await this.starts.take(tenant.accountId);
    setImmediate(() => start.end());
    if (response.closed) throw new ClientLeft();
    return true;
  }

  /** The place is given back when the answer has left or the connection is closed: a response closes once, in either case. */
  private async take(accountId: string, response: Response): Promise<void> {
    if (response.closed) throw new ClientLeft();
    const left = new AbortController();
    const leave = (): void => left.abort(new ClientLeft());
    response.once('close', leave);
    const turn = await this.turns.take(accountId, left.signal).catch((error: unknown) => {
      throw error instanceof QueueFull ? new TooManyRequests() : error;
    });
    response.off('close', leave);
    response.once('close', () => turn.end());
    if (!left.signal.aborted) return;
    // The turn came in the same moment in which the client left.
    turn.end();
    throw new ClientLeft();
  }
}
