import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';

/** Another address of this machine than the one of the quiet tenant. */
const ATTACKER_ADDRESS = '127.0.0.2';
const REQUEST_TIMEOUT_MS = 60_000;
const AFTER_REFUSAL_MS = 20;
const BETWEEN_CALLS_MS = 200;
/** Connections that are opened between two pauses, and the pause: not faster than the machine can open them. */
const CONNECTIONS_AT_ONCE = 50;
const BETWEEN_CONNECTIONS_MS = 5;

/** What an attacker has. */
export interface Means {
  readonly url: string;
  readonly token: string;
  readonly instances: readonly string[];
  /** In the order of the instances. */
  readonly instanceTokens: readonly string[];
  /** Connections that are held open by the attack with connections. */
  readonly connections: number;
  /** Numbers of people who let it ring. */
  readonly callees: readonly string[];
  /** A receiver of webhooks that answers late. */
  readonly slowReceiver: string;
}

interface Sent {
  readonly method: string;
  readonly route: string;
  readonly token: string;
  readonly body?: unknown;
}

/** One tenant that wants others to suffer, within its own limits. */
export abstract class Attack {
  /** What came back, by status or another word. */
  readonly seen: Record<string, number> = {};
  protected isOver = false;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 100, localAddress: ATTACKER_ADDRESS });
  private work: Promise<unknown> = Promise.resolve();

  constructor(protected readonly means: Means) {}

  /** What is there before the attack begins. */
  async prepare(): Promise<void> {}

  protected abstract run(): Promise<unknown>;

  begin(): void {
    this.work = this.run();
  }

  async end(): Promise<void> {
    this.isOver = true;
    this.agent.destroy();
    await this.work;
  }

  protected count(what: string | number): void {
    this.seen[what] = (this.seen[what] ?? 0) + 1;
  }

  /** Requests one after the other on so many connections. */
  protected async flood(connections: number, next: (index: number) => Sent): Promise<void> {
    let index = 0;
    const worker = async (): Promise<void> => {
      while (!this.isOver) {
        const status = await this.send(next(index++));
        if (status === 429 || status === 0) await sleep(AFTER_REFUSAL_MS);
      }
    };
    await Promise.all(Array.from({ length: connections }, worker));
  }

  /** @param of counts through the instances again and again */
  protected instance(of: number): { readonly name: string; readonly token: string } {
    const { instances, instanceTokens } = this.means;
    const at = of % instances.length;
    return { name: instances[at] ?? '', token: instanceTokens[at] ?? '' };
  }

  /** @returns the status; 0 = there was no answer */
  protected send({ method, route, token, body }: Sent): Promise<number> {
    return new Promise((resolve) => {
      const end = (status: number): void => {
        this.count(status);
        resolve(status);
      };
      const outgoing = request(this.means.url + route, {
        method,
        agent: this.agent,
        timeout: REQUEST_TIMEOUT_MS,
        headers: { token },
      });
      outgoing.on('response', (response) => {
        response.resume();
        response.on('end', () => end(response.statusCode ?? 0));
        response.on('error', () => end(0));
      });
      outgoing.on('timeout', () => outgoing.destroy());
      outgoing.on('error', () => end(0));
      outgoing.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
    });
  }
}

/** Bodies at the limit of their size, of keys that no route knows. */
class ManyKeys extends Attack {
  private readonly body = `{${Array.from({ length: 12_800 }, (_, index) => `"${index.toString(36)}":1`)
    .join(',')
    .slice(0, 100_000)
    .replace(/,[^,]*$/, '')}}`;

  protected run(): Promise<void> {
    return this.flood(32, (index) => {
      const { name, token } = this.instance(index);
      return { method: 'POST', route: `/api/instance/settings/${name}`, token, body: this.body };
    });
  }
}

/** Webhooks under ever new labels, and lists of all there is, several at once. */
class EndlessLists extends Attack {
  protected run(): Promise<void> {
    return this.flood(12, (index) => {
      const { name, token } = this.instance(index);
      const lists = [`/api/events/getWebhook/${name}`, '/api/instance/list', '/api/instance/list'];
      const route = lists[index % 4];
      if (route !== undefined)
        return { method: 'GET', route, token: index % 4 === 0 ? token : this.means.token };
      const body = { label: `label-${index}`, enabled: false };
      return { method: 'POST', route: `/api/events/webhook/${name}`, token, body };
    });
  }
}

/** All tokens of the account at once, and logins without an end. */
class ManyTokens extends Attack {
  protected run(): Promise<void> {
    return this.flood(64, (index) => {
      const { name, token } = this.instance(index);
      if (index % 3 === 0) return { method: 'POST', route: `/api/instance/reconnect/${name}`, token };
      if (index % 3 === 1) return { method: 'GET', route: `/api/instance/connect/${name}`, token };
      return { method: 'GET', route: `/api/instance/list?instanceName=${name}`, token };
    });
  }
}

/** Receivers that accept everything late, and calls whose events go there. */
class SlowReceivers extends Attack {
  override async prepare(): Promise<void> {
    for (const [index] of this.means.instances.entries()) {
      const { name, token } = this.instance(index);
      for (const label of ['a', 'b', 'c']) {
        const body = { label, enabled: true, url: this.means.slowReceiver, events: [] };
        await this.send({ method: 'POST', route: `/api/events/webhook/${name}`, token, body });
      }
    }
  }

  protected async run(): Promise<void> {
    const { callees } = this.means;
    const calls: Promise<number>[] = [];
    for (let index = 0; !this.isOver; index += 1) {
      const { name, token } = this.instance(index);
      const body = { number: callees[index % callees.length], duration: 1 };
      calls.push(this.send({ method: 'POST', route: `/api/call/fake/${name}`, token, body }));
      await sleep(BETWEEN_CALLS_MS);
    }
    await Promise.all(calls);
  }
}

/** Connections that say nothing and WebSockets, opened again when they are cut. */
class ManyConnections extends Attack {
  override async prepare(): Promise<void> {
    const { name, token } = this.instance(0);
    const body = { enabled: true, events: [] };
    await this.send({ method: 'POST', route: `/api/events/websocket/${name}`, token, body });
  }

  protected async run(): Promise<void> {
    const open = new Set<Socket | WebSocket>();
    for (let index = 0; !this.isOver; index += 1) {
      if (index % CONNECTIONS_AT_ONCE === 0) await sleep(BETWEEN_CONNECTIONS_MS);
      if (open.size >= this.means.connections) continue;
      const connection = index % 10 === 0 ? this.openWebSocket() : this.openIdle();
      open.add(connection);
      connection.on('error', () => undefined);
      connection.on('close', () => {
        this.count('closed');
        open.delete(connection);
      });
    }
    for (const connection of open) {
      if (connection instanceof WebSocket) connection.terminate();
      else connection.destroy();
    }
  }

  private openWebSocket(): WebSocket {
    const { name, token } = this.instance(0);
    const url = `${this.means.url.replace(/^http/, 'ws')}/ws/${name}?token=${token}`;
    const socket = new WebSocket(url, { localAddress: ATTACKER_ADDRESS });
    socket.on('open', () => this.count('WebSocket'));
    return socket;
  }

  private openIdle(): Socket {
    const port = Number(new URL(this.means.url).port);
    const socket = connect({ port, host: '127.0.0.1', localAddress: ATTACKER_ADDRESS });
    socket.on('connect', () => this.count('idle'));
    return socket;
  }
}

/** The lists that have to look at the most of a table with very many rows of one's own. */
class LongLists extends Attack {
  protected run(): Promise<void> {
    const filters = [
      'outcome=busy',
      'from=2020-01-01T00:00:00Z',
      'to=2020-01-01T00:00:00Z',
      'number=12345678',
    ];
    return this.flood(8, (index) => {
      const { name, token } = this.instance(index);
      const filter = filters[index % filters.length] ?? '';
      return { method: 'GET', route: `/api/call/list/${name}?limit=200&${filter}`, token };
    });
  }
}

export const ATTACKS = {
  'bodies of many keys': ManyKeys,
  'lists without an end': EndlessLists,
  'many tokens and logins': ManyTokens,
  'slow receivers': SlowReceivers,
  'many connections': ManyConnections,
  'many calls in the table': LongLists,
} as const;

export type AttackName = keyof typeof ATTACKS;
