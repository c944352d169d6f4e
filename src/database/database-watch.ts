import { Socket } from 'node:net';
import type pg from 'pg';
import type { Log } from '../common/logging/log.js';
import type { Clock, Timer } from '../common/time/clock.js';
import { SecuredClient } from './secured-client.js';

const BETWEEN_BEATS_MS = 150;
/** For a server of which nothing at all is heard. Shorter, and one that only is busy would be taken for one that has stopped. */
const SILENCE_LIMIT_MS = 1000;
/** For a server that has said something else meanwhile. */
const ANSWER_LIMIT_MS = 3000;
/** A connection takes several round trips, and nothing waits for it: it is needed only when one was lost. */
const CONNECT_LIMIT_MS = 3000;
/** A timer that comes later than this tells of a busy process, not of the server. */
const LATE_MS = 100;
const GRACE_MS = 50;

const BETWEEN_LOOKS_MS = 20;

/**
 * Ends server processes and returns a row for each that is still there; those of anybody else are left alone. They are found
 * by name: a pooler invents the ids of those that it lends.
 */
const END_BACKENDS = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = $1 AND pid <> pg_backend_pid() AND datname = current_database() AND usename = current_user`;

/** The database that is watched, and the name that no other process gives to its connections. */
export interface WatchedDatabase {
  readonly url: string;
  readonly applicationName: string;
}

type Sign = 'answered' | 'failed' | 'silent';

/**
 * Asks the database for a sign of life, several times a second, on a connection of its own. A server that was stopped or
 * cut off keeps its connections open and says nothing: without the watch each query would wait for its own time limit.
 */
export class DatabaseWatch {
  private client: pg.Client | undefined;
  private socket: Socket | undefined;
  private down = false;
  private stopped = true;
  private beating: Promise<void> = Promise.resolve();
  private pause: Timer | undefined;
  /** Connections were given up whose statements may still run. */
  private hasLeftBehind = false;

  /**
   * @param heard a number that changes whenever the server says something on any other connection
   * @param cutAll runs when the database stops answering: gives all other connections up
   */
  constructor(
    private readonly database: WatchedDatabase,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly heard: () => number,
    private readonly cutAll: () => void,
  ) {}

  /** True from the first missed sign of life to the next one that comes. */
  get isDown(): boolean {
    return this.down;
  }

  start(): void {
    this.stopped = false;
    this.beating = this.beat();
  }

  /** May be called twice. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.pause?.cancel();
    this.discard();
    await this.beating;
  }

  private async beat(): Promise<void> {
    let sign = await this.ask();
    // A single connection may be cut while the server is well.
    if (sign === 'failed' && !this.stopped) sign = await this.ask();
    if (this.stopped) return;
    this.note(sign === 'answered');
    this.pause = this.clock.schedule(BETWEEN_BEATS_MS, () => {
      this.beating = this.beat();
    });
  }

  private note(answers: boolean): void {
    if (answers !== this.down) return;
    this.down = !answers;
    if (answers) {
      this.log.info('The database answers again');
      return;
    }
    this.log.error('The database does not answer');
    this.hasLeftBehind = true;
    this.cutAll();
  }

  private ask(): Promise<Sign> {
    const limitMs = this.client ? SILENCE_LIMIT_MS : CONNECT_LIMIT_MS;
    const heardBefore = this.heard();
    return new Promise((resolve) => {
      let isSettled = false;
      const settle = (sign: Sign): void => {
        if (isSettled) return;
        isSettled = true;
        timer.cancel();
        if (sign !== 'answered') this.discard();
        resolve(sign);
      };
      const wait = (ms: number): Timer => {
        const dueMs = this.clock.monotonicMs() + ms;
        return this.clock.schedule(ms, () => {
          // The answer may have come meanwhile, and only nobody has had the time to read it.
          if (this.clock.monotonicMs() > dueMs + LATE_MS) timer = wait(GRACE_MS);
          else if (ms === SILENCE_LIMIT_MS && this.heard() !== heardBefore) {
            timer = wait(ANSWER_LIMIT_MS - SILENCE_LIMIT_MS);
          } else settle('silent');
        });
      };
      let timer = wait(limitMs);
      this.query().then(
        () => settle('answered'),
        () => settle('failed'),
      );
    });
  }

  private async query(): Promise<void> {
    const client = this.client ?? (await this.connect());
    if (this.hasLeftBehind) await this.endLeftBehind(client);
    else await client.query('SELECT 1');
  }

  /**
   * A statement goes on after its connection was given up, or even begins when a server that had stopped goes on. It must have
   * come to its end before others are sent: what is written now must not be overwritten by what was given up.
   */
  private async endLeftBehind(client: pg.Client): Promise<void> {
    const find = () => client.query(END_BACKENDS, [this.database.applicationName]);
    while ((await find()).rows.length > 0) await this.clock.sleep(BETWEEN_LOOKS_MS);
    this.hasLeftBehind = false;
  }

  private async connect(): Promise<pg.Client> {
    const socket = new Socket();
    const client = new SecuredClient({
      connectionString: this.database.url,
      application_name: 'ringdrop-watch',
      stream: () => socket,
    });
    // What breaks is noticed by the next question.
    client.on('error', () => undefined);
    this.socket = socket;
    this.client = client;
    await client.connect();
    return client;
  }

  private discard(): void {
    this.socket?.destroy();
    this.socket = undefined;
    this.client = undefined;
  }
}
