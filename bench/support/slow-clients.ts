import { SLOW_WAYS, type SlowClient } from '../../test/support/slow-client.js';

const DRIP_EVERY_MS = 500;

/** As many slow clients as asked for, always, until `end`. */
export class SlowClients {
  readonly all: SlowClient[] = [];
  private isOver = false;

  constructor(
    private readonly url: string,
    connections: number,
  ) {
    for (let index = 0; index < connections; index += 1) this.open(index);
  }

  cut(): SlowClient[] {
    return this.all.filter(({ closedAtMs }) => closedAtMs !== undefined);
  }

  /** Opens no more and waits until all are cut. */
  async end(withinMs: number): Promise<void> {
    this.isOver = true;
    const timeUp = new Promise((resolve) => setTimeout(resolve, withinMs).unref());
    await Promise.race([timeUp, Promise.all(this.all.map(({ closed }) => closed))]);
  }

  destroy(): void {
    for (const client of this.all) client.destroy();
  }

  private open(index: number): void {
    const ways = Object.values(SLOW_WAYS);
    const client = ways[index % ways.length]?.(this.url, DRIP_EVERY_MS);
    if (!client) return;
    this.all.push(client);
    void client.closed.then(() => {
      if (!this.isOver) this.open(index);
    });
  }
}
