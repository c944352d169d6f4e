import { ClientNats } from '@nestjs/microservices';
import { EmptyResponseException } from '@nestjs/microservices/errors/empty-response.exception.js';
import {
  catchError,
  firstValueFrom,
  ignoreElements,
  merge,
  mergeMap,
  Observable,
  repeat,
  Subject,
  take,
  throwError,
  throwIfEmpty,
} from 'rxjs';
import type { Log } from '../../common/logging/log.js';
import type { Clock } from '../../common/time/clock.js';
import { OwnerUnavailable } from '../cluster.errors.js';
import { natsOptions, REPLY_DESERIALIZER } from './nats-options.js';

/** Answered by whoever listens to a subject, without a look at anything else. */
export const PROBE = 'probe';

/** A node that dies answers nothing any more: the broker tells so at the next probe. */
const PROBE_EVERY_MS = 500;
/** A node that is silent for as long counts as dead for its instances too. */
const PROBE_TIMEOUT_MS = 5000;

/** Sends packets to subjects: questions, which wait for a reply, and news. */
export class NatsQuestions {
  private readonly client: ClientNats;
  private readonly lost = new Subject<void>();
  private isConnected = false;

  constructor(
    natsUrl: string,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.client = new ClientNats({ ...natsOptions(natsUrl), deserializer: REPLY_DESERIALIZER });
    this.client.on('disconnect', () => {
      this.isConnected = false;
      this.lost.next();
    });
    this.client.on('reconnect', () => (this.isConnected = true));
  }

  get isUp(): boolean {
    return this.isConnected;
  }

  /** Returns at once; the broker may be away for any time. */
  open(): void {
    this.client.connect().then(
      () => (this.isConnected = true),
      (err: unknown) => this.log.error('NATS cannot be used', { err }),
    );
  }

  async close(): Promise<void> {
    this.isConnected = false;
    await this.client.close();
  }

  /** @throws OwnerUnavailable */
  ask(subject: string, packet: string, timeoutMs: number): Promise<unknown> {
    if (!this.isConnected) return Promise.reject(OwnerUnavailable.unreached());
    const reply = this.client.send<unknown>(subject, packet).pipe(
      take(1),
      throwIfEmpty(() => OwnerUnavailable.silent()),
      catchError((error: unknown) =>
        throwError(() =>
          // The broker's own word that nobody listens to the subject.
          error instanceof EmptyResponseException ? OwnerUnavailable.unreached() : OwnerUnavailable.silent(),
        ),
      ),
    );
    const ends = merge(this.lost, this.after(timeoutMs), this.deathOf(subject)).pipe(
      mergeMap(() => throwError(() => OwnerUnavailable.silent())),
    );
    return firstValueFrom(merge(reply, ends));
  }

  /** Lost when the broker is away. */
  tell(subject: string, packet: string): void {
    if (!this.isConnected) return;
    this.client.emit(subject, packet).subscribe({
      error: (err: unknown) => this.log.debug('News for other processes were lost', { err }),
    });
  }

  /** Fires when nobody listens to the subject any more. */
  private deathOf(subject: string): Observable<unknown> {
    const probe = merge(
      this.client.send<unknown>(subject, PROBE),
      this.after(PROBE_TIMEOUT_MS).pipe(mergeMap(() => throwError(() => OwnerUnavailable.silent()))),
    ).pipe(take(1));
    return this.after(PROBE_EVERY_MS).pipe(
      mergeMap(() => probe),
      repeat(),
      ignoreElements(),
      catchError(() => [undefined]),
    );
  }

  private after(delayMs: number): Observable<void> {
    return new Observable((subscriber) => {
      const timer = this.clock.schedule(delayMs, () => {
        subscriber.next();
        subscriber.complete();
      });
      return () => timer.cancel();
    });
  }
}
