import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ClientLeft, TooManyRequests } from '../../../src/auth/auth.errors.js';
import { RequestPlacesGuard } from '../../../src/auth/request-places.guard.js';
import { LongWait, type Caller } from '../../../src/common/http/caller.js';

class Routes {
  usual(): void {
    // Only its metadata count.
  }

  @LongWait()
  waits(): void {
    // Only its metadata count.
  }
}

/** A response that ends, or whose connection is closed: the guard sees no difference. */
class OpenResponse extends EventEmitter {
  closed = false;

  close(): void {
    this.closed = true;
    this.emit('close');
  }
}

describe('the places of requests in work', () => {
  let guard: RequestPlacesGuard;

  beforeEach(() => {
    guard = new RequestPlacesGuard(new Reflector());
  });

  const ACCOUNT: Caller = { kind: 'account', accountId: 'a1' };
  const send = (caller?: Caller, route: keyof Routes = 'usual', response = new OpenResponse()) => {
    const context = {
      switchToHttp: () => ({ getRequest: () => ({ caller }), getResponse: () => response }),
      // eslint-disable-next-line @typescript-eslint/unbound-method -- metadata are on the method itself
      getHandler: () => Routes.prototype[route],
    } as unknown as ExecutionContext;
    const seen = { response, inWork: false, failure: undefined as unknown };
    guard.canActivate(context).then(
      () => (seen.inWork = true),
      (error: unknown) => (seen.failure = error),
    );
    return seen;
  };
  const sendMany = (count: number, caller: Caller = ACCOUNT) =>
    Array.from({ length: count }, () => send(caller));
  const inWork = (sent: readonly { readonly inWork: boolean }[]) => sent.filter((one) => one.inWork).length;

  /** Of each account one begins in a turn of the event loop. */
  const begun = async (): Promise<void> => {
    for (let turn = 0; turn < 110; turn += 1) await nextTurn();
  };

  it('are taken by one request of an account in each turn of the event loop, whatever others do', async () => {
    const sent = sendMany(10);
    const waiting = Array.from({ length: 10 }, () => send({ kind: 'account', accountId: 'a2' }, 'waits'));
    const other = send({ kind: 'account', accountId: 'a3' });
    // Enough for the promises of one turn.
    for (let tick = 0; tick < 20; tick += 1) await Promise.resolve();
    expect([inWork(sent), inWork(waiting), other.inWork]).toEqual([1, 1, true]);
    for (let turn = 2; turn <= 10; turn += 1) {
      await nextTurn();
      expect(inWork(sent)).toBeLessThanOrEqual(turn);
    }
    await nextTurn();
    expect([inWork(sent), inWork(waiting)]).toEqual([10, 10]);
  });

  it('are 32 for an account over all its tokens, in the order of arrival', async () => {
    const sent = sendMany(20);
    sent.push(...sendMany(20, { kind: 'instance', accountId: 'a1', instanceId: 'i1', instanceName: 'shop' }));
    await begun();
    expect(sent.map((one) => one.inWork)).toEqual(Array.from({ length: 40 }, (_, index) => index < 32));
    sent[5]?.response.close();
    await begun();
    expect(sent[32]?.inWork).toBe(true);
    expect(inWork(sent)).toBe(33);
  });

  it('are not those of another account', async () => {
    sendMany(200);
    const other = send({ kind: 'account', accountId: 'a2' });
    await begun();
    expect(other.inWork).toBe(true);
  });

  it('are given back once, however the answer ends', async () => {
    const sent = sendMany(40);
    await begun();
    sent[0]?.response.close();
    sent[0]?.response.close();
    await begun();
    expect(inWork(sent)).toBe(33);
  });

  it('are not kept for a client that has left while it waited', async () => {
    const sent = sendMany(34);
    await begun();
    sent[32]?.response.close();
    sent[0]?.response.close();
    await begun();
    expect(sent[32]?.failure).toBeInstanceOf(ClientLeft);
    expect(sent[33]?.inWork).toBe(true);
    sent.forEach(({ response }) => response.close());
    const after = sendMany(33);
    await begun();
    expect(inWork(after)).toBe(32);
  });

  it('are not given to a client that left before it could wait', async () => {
    const response = new OpenResponse();
    response.close();
    const gone = send(ACCOUNT, 'usual', response);
    const sent = sendMany(32);
    await begun();
    expect(gone.failure).toBeInstanceOf(ClientLeft);
    expect(inWork(sent)).toBe(32);
  });

  it('are waited for by 1,000 requests of an account; one more is refused with the time after which to come back', async () => {
    const sent = sendMany(1033);
    await begun();
    expect(sent.filter(({ failure }) => failure !== undefined)).toEqual([sent[1032]]);
    expect(sent[1032]?.failure).toBeInstanceOf(TooManyRequests);
    expect(sent[1032]?.failure).toMatchObject({ kind: 'rate_limited', retryAfterSeconds: 1 });
  });

  it('are not taken by routes that wait on purpose, by strangers or by the administrator', async () => {
    const waiting = Array.from({ length: 100 }, () => send(ACCOUNT, 'waits'));
    waiting.push(...Array.from({ length: 100 }, () => send(undefined)));
    waiting.push(...Array.from({ length: 100 }, () => send({ kind: 'admin' })));
    const usual = send(ACCOUNT);
    await begun();
    expect(inWork([...waiting, usual])).toBe(301);
  });
});
