import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { WhatsAppSimulator } from '../../test/simulator/index.js';
import { TestNats } from '../../test/support/nats.js';
import { PostgresProcesses } from '../../test/support/postgres-processes.js';
import { redirectionTo } from '../../test/support/redirection.js';
import { createDatabase, startTestPostgres, type TestPostgres } from '../../test/support/postgres.js';
import { WebhookReceiver } from '../../test/support/webhook-receiver.js';
import { ClusterNode } from './cluster-node.js';
import { OwnerHistory } from './owner-history.js';

/** Longer than any client should need to see that it was replaced. */
const LINGER_MS = 60_000;
/** Longer than a process is stopped for with its sockets open; how long phones ring is judged by `judgeRings`. */
const STOP_GRACE_MS = 60_000;
const ASK_TIMEOUT_MS = 20_000;

export interface ClusterAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface Question {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Several processes of the product on one PostgreSQL and one NATS, the server that they take for WhatsApp, and a customer's. */
export class ClusterStage {
  token = '';

  private constructor(
    readonly simulator: WhatsAppSimulator,
    readonly postgres: TestPostgres,
    readonly databaseUrl: string,
    readonly nats: TestNats,
    readonly receiver: WebhookReceiver,
    readonly nodes: readonly ClusterNode[],
  ) {}

  /** @param signal ends all processes of the product at once */
  static async open(count: number, signal: AbortSignal): Promise<ClusterStage> {
    setMaxListeners(0, signal);
    const postgres = await startTestPostgres();
    const databaseUrl = await createDatabase(postgres.url);
    const simulator = await WhatsAppSimulator.start({ lingerMs: LINGER_MS, stopGraceMs: STOP_GRACE_MS });
    const nats = await TestNats.start();
    const common = {
      ENCRYPTION_KEY: randomBytes(32).toString('hex'),
      ADMIN_TOKEN: randomBytes(24).toString('hex'),
      RATE_LIMIT_PER_TOKEN: '1000000',
      RATE_LIMIT_PER_ACCOUNT: '1000000',
      RATE_LIMIT_INSTANCE_NEW: '1000000',
      RATE_LIMIT_PER_ADDRESS: '1000000',
      WEBHOOK_ALLOW_PRIVATE: 'true',
      SESSION_OPENS_PER_SECOND: '0',
      LOG_LEVEL: 'info',
      NATS_URL: nats.url,
      ...redirectionTo(simulator),
    };
    // Both servers know each process by its tag.
    const envOf = (tag: string): Record<string, string> => ({
      ...common,
      DATABASE_URL: named(databaseUrl, tag),
      SIMULATOR_URL: `${simulator.url}?${tag}`,
    });
    const names = Array.from({ length: count }, (_, index) => `n${index + 1}`);
    const nodes = names.map((name) => new ClusterNode(name, envOf, signal));
    const receiver = await WebhookReceiver.start();
    return new ClusterStage(simulator, postgres, databaseUrl, nats, receiver, nodes);
  }

  /** Starts the nodes, the first one alone, and the notes of who holds what. */
  async start(): Promise<OwnerHistory> {
    const [first, ...others] = this.nodes;
    if (!first) throw new RangeError('There are no nodes');
    await first.start();
    this.token = first.accountToken;
    const history = new OwnerHistory(this.databaseUrl);
    await history.begin(first.tag);
    await Promise.all(others.map((node) => node.start()));
    return history;
  }

  postgresProcesses(): Promise<PostgresProcesses> {
    return PostgresProcesses.of(this.postgres.url);
  }

  /** @throws when the node does not answer in time, or not at all */
  async ask(node: ClusterNode, route: string, question: Question = {}): Promise<ClusterAnswer> {
    const { method = 'GET', body, headers = {}, timeoutMs = ASK_TIMEOUT_MS } = question;
    const { url } = node;
    if (url === undefined) throw new Error(`${node.name} is away`);
    const response = await fetch(url + route, {
      method,
      headers: { token: this.token, ...headers },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) };
  }

  /** Frees everything; what is frozen ends too. */
  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await this.nats.kill();
    await this.simulator.close();
    await this.receiver.close();
    await this.postgres.stop();
  }
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { text };
  }
}

/** The address of the database for connections of this name; it may have parameters already. */
function named(databaseUrl: string, applicationName: string): string {
  const url = new URL(databaseUrl);
  url.searchParams.set('application_name', applicationName);
  return url.href;
}
