import { ServerNats } from '@nestjs/microservices';
import type { Log } from '../../common/logging/log.js';
import type { Clock } from '../../common/time/clock.js';
import { natsOptions, REQUEST_DESERIALIZER } from './nats-options.js';

const DRAIN_MS = 1000;

/** One subject that this process listens to, from `open` to `close`; the connection comes back by itself. */
export class NatsInbox {
  private readonly server: ServerNats;
  private isClosed = false;
  private isConnected = false;

  /** @param receive its result is the reply to whoever wants one; it must not reject */
  constructor(
    natsUrl: string,
    readonly subject: string,
    receive: (packet: unknown) => Promise<unknown>,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {
    this.server = new ServerNats({ ...natsOptions(natsUrl), deserializer: REQUEST_DESERIALIZER });
    this.server.addHandler(subject, receive);
    this.server.on('disconnect', () => (this.isConnected = false));
    this.server.on('reconnect', () => void this.confirm());
  }

  get isUp(): boolean {
    return this.isConnected;
  }

  /** Returns at once; the broker may be away for any time. */
  open(): void {
    void this.server.listen((err?: unknown) => {
      if (err !== undefined) this.log.error('A subject of NATS cannot be listened to', { err });
      else if (this.isClosed) void this.server.close();
      else void this.confirm();
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    if (this.isConnected) await this.drain();
    this.isConnected = false;
    await this.server.close();
  }

  /** The broker answers after it has taken the subscription: from then on it brings what is sent. */
  private async confirm(): Promise<void> {
    try {
      await this.server.unwrap<{ flush(): Promise<void> }>().flush();
      this.isConnected = !this.isClosed;
    } catch (err) {
      // The connection was lost at once; it comes back.
      this.log.debug('A subject of NATS is not listened to yet', { err });
    }
  }

  /** Lets the last replies out. */
  private async drain(): Promise<void> {
    // The framework hands a reply to the connection a tick after it was given.
    await new Promise((resolve) => setImmediate(resolve));
    const drained = this.server.unwrap<{ drain(): Promise<void> }>().drain();
    await Promise.race([drained.catch(() => undefined), this.clock.sleep(DRAIN_MS)]);
  }
}
