import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WhatsAppSimulator } from '../../test/simulator/index.js';
import { TestNats } from '../../test/support/nats.js';
import { createDatabase, startTestPostgres, type TestPostgres } from '../../test/support/postgres.js';
import { redirectionTo } from '../../test/support/redirection.js';
import { ClusterNode } from '../cluster/cluster-node.js';
import { SessionSeeds } from '../support/session-seeds.js';

const FIRST_CALLER = 491510000900;
const REQUESTS_AT_ONCE = 10;
const MAX_TRIES = 20;
const BETWEEN_TRIES_MS = 500;

export interface LinkedInstance {
  readonly name: string;
  readonly number: string;
}

/** One process of the product, or several with a broker, on one database; and the server that they take for WhatsApp. */
export class VersionStage {
  readonly instances: LinkedInstance[] = [];
  private token = '';

  private constructor(
    readonly simulator: WhatsAppSimulator,
    readonly nodes: readonly ClusterNode[],
    readonly seeds: SessionSeeds,
    private readonly postgres: TestPostgres,
    private readonly nats: TestNats | undefined,
  ) {}

  /** @param signal ends all processes of the product at once */
  static async open(count: number, signal: AbortSignal): Promise<VersionStage> {
    setMaxListeners(0, signal);
    const postgres = await startTestPostgres();
    const databaseUrl = await createDatabase(postgres.url);
    const simulator = await WhatsAppSimulator.start();
    const nats = count > 1 ? await TestNats.start() : undefined;
    const key = randomBytes(32);
    // The simulator knows each process by its tag. The pace of connections is the one that nobody has set.
    const envOf = (tag: string): Record<string, string> => ({
      ...redirectionTo(simulator),
      DATABASE_URL: databaseUrl,
      ENCRYPTION_KEY: key.toString('hex'),
      RATE_LIMIT_PER_TOKEN: '1000000',
      RATE_LIMIT_PER_ACCOUNT: '1000000',
      RATE_LIMIT_INSTANCE_NEW: '1000000',
      SIMULATOR_URL: `${simulator.url}?${tag}`,
      ...(nats && { NATS_URL: nats.url }),
    });
    const nodes = Array.from(
      { length: count },
      (_, index) => new ClusterNode(`n${index + 1}`, envOf, signal),
    );
    const [first, ...others] = nodes;
    if (!first) throw new RangeError('There are no nodes');
    await first.start();
    await Promise.all(others.map((node) => node.start()));
    const seeds = await SessionSeeds.open(databaseUrl, key);
    const stage = new VersionStage(simulator, nodes, seeds, postgres, nats);
    stage.token = first.accountToken;
    return stage;
  }

  /** Makes instances whose phones are linked, and opens their sessions, without the pace of a start. */
  async addSessions(count: number): Promise<void> {
    const waiting = Array.from({ length: count }, (_, index) => index).values();
    const worker = async (): Promise<void> => {
      for (const index of waiting) {
        const number = String(FIRST_CALLER + index);
        const name = `s${index}`;
        const { instance } = await this.post(index, '/api/instance/new', { name });
        const creds = this.simulator.preparedCredentials({ number, name: 'Ana' });
        await this.seeds.save((instance as { id: string }).id, creds);
        await this.post(index, `/api/instance/reconnect/${name}`, undefined);
        this.instances.push({ name, number });
      }
    };
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, worker));
  }

  /**
   * Tries again while it is told to (503), as when an instance moves to another process.
   * @param index chooses the process that is asked
   * @throws for anything but a success
   */
  async post(index: number, route: string, body: unknown): Promise<Record<string, unknown>> {
    for (let tries = 1; ; tries += 1) {
      const { status, answer } = await this.postOnce(index, route, body);
      if (status < 300) return answer;
      if (status !== 503 || tries === MAX_TRIES)
        throw new Error(`${route}: ${status} ${JSON.stringify(answer)}`);
      await sleep(BETWEEN_TRIES_MS);
    }
  }

  private async postOnce(index: number, route: string, body: unknown) {
    const { url } = this.nodes[index % this.nodes.length] ?? {};
    const response = await fetch(`${url}${route}`, {
      method: 'POST',
      headers: { token: this.token },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, answer: (await response.json()) as Record<string, unknown> };
  }

  /** WhatsApp Web may be asked again, as after five minutes. */
  async letTimePass(): Promise<void> {
    await this.seeds.query(
      `UPDATE whatsapp_web_version SET asked_at = clock_timestamp() - interval '5 minutes 1 second'`,
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.seeds.close();
    await this.nats?.kill();
    await this.simulator.close();
    await this.postgres.stop();
  }
}
