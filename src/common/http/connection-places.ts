import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientNetwork } from '../net/client-network.js';
import type { Clock } from '../time/clock.js';
import { nextDueMs } from '../time/pace.js';
import { restrictToProbes, type Restriction } from './probes-first.js';

export interface PlaceLimits {
  readonly maxConnections: number;
  /** Of one client: an IPv4 address or a /64 network. As many as `maxConnections` where clients are behind proxies. */
  readonly maxConnectionsPerAddress: number;
}

/** Places beyond the maximum in which only probes are served: a monitor must see that the service is full, and not down. */
const SPARE_PLACES = 64;
const SPARE_PLACES_PER_CLIENT = 8;
/**
 * Connections that a client at its share may open at the cost of its idle ones. One that opens more is refused, which is cheaper than
 * to close one and admit another.
 */
const EXCHANGES = { burst: 100, everyMs: 20 };
/** Requests of one connection at a time; HTTP allows to send them without waiting for answers, and hardly a client does. */
const MAX_PIPELINED = 16;
/** For the head of a request on a spare place. */
const SPARE_MS = 2000;

interface Client {
  readonly network: string;
  /** Ordinary places. */
  held: number;
  spare: number;
  /** When the last exchange was due, in monotonic milliseconds. */
  exchangeDueMs: number;
  /** Connections without a request at work, in the order in which they became idle. */
  readonly idle: Set<Socket>;
}

interface Place {
  readonly client: Client;
  /** Of the requests at work. */
  readonly responses: Set<ServerResponse>;
}

/**
 * Who may hold a connection. No client has more than its share; when all places are taken, the client that has most of them
 * gives up the one that is idle for longest. What finds no place like that gets a spare one for a moment, or is closed. A
 * step costs the same however many connections there are.
 */
export class ConnectionPlaces {
  private readonly clients = new Map<string, Client>();
  private readonly places = new Map<Socket, Place>();
  private readonly spares = new Map<Socket, NodeJS.Timeout>();
  /** Clients by the number of their places, and the highest number. */
  private readonly ranks = new Map<number, Set<Client>>();
  private highest = 0;
  /** Many clients have one address, that of a proxy. */
  private readonly isShared: boolean;

  constructor(
    private readonly server: Server,
    private readonly limits: PlaceLimits,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {
    this.isShared = limits.maxConnectionsPerAddress >= limits.maxConnections;
    // The last resort: the places are counted here.
    server.maxConnections = limits.maxConnections + SPARE_PLACES;
    server.on('connection', (socket) => this.admit(socket));
    server.on('request', (request, response) => this.follow(request, response));
  }

  private admit(socket: Socket): void {
    // One that asked for another protocol is given back to the server, and is not new.
    if (this.places.has(socket) || this.spares.has(socket)) return;
    const client = this.clientAt(clientNetwork(socket.remoteAddress));
    const isOverShare = client.held >= this.limits.maxConnectionsPerAddress;
    if (isOverShare && !this.exchange(client)) this.admitToSpare(socket, client, 'address_full');
    else if (this.places.size >= this.limits.maxConnections && !this.makeRoom(client))
      this.admitToSpare(socket, client, 'all_full');
    else this.place(socket, client);
  }

  private place(socket: Socket, client: Client): void {
    // Once more, when its only other place was just given up for this one.
    this.clients.set(client.network, client);
    this.places.set(socket, { client, responses: new Set() });
    client.idle.add(socket);
    this.count(client, 1);
    socket.once('close', () => this.release(socket));
  }

  /** False when nobody is greedier than the newcomer, or when all connections of the greediest are at work. */
  private makeRoom(newcomer: Client): boolean {
    const [greediest] = this.ranks.get(this.highest) ?? [];
    if (!greediest || (greediest !== newcomer && greediest.held <= newcomer.held)) return false;
    return this.closeIdleOf(greediest);
  }

  /** Closes a connection of the client for a new one. */
  private exchange(client: Client): boolean {
    if (this.isShared) return this.closeIdleOf(client);
    const nowMs = this.clock.monotonicMs();
    const dueMs = nextDueMs(client.exchangeDueMs, nowMs, EXCHANGES);
    if (dueMs > nowMs || !this.closeIdleOf(client)) return false;
    client.exchangeDueMs = dueMs;
    return true;
  }

  private closeIdleOf({ idle }: Client): boolean {
    const [longest] = idle;
    if (!longest) return false;
    this.release(longest);
    this.drop(longest);
    return true;
  }

  private admitToSpare(socket: Socket, client: Client, why: Restriction): void {
    const isAllowed =
      this.spares.size < SPARE_PLACES && (this.isShared || client.spare < SPARE_PLACES_PER_CLIENT);
    if (isAllowed) {
      this.clients.set(client.network, client);
      restrictToProbes(socket, why);
      client.spare += 1;
      this.spares.set(socket, setTimeout(() => this.drop(socket), SPARE_MS).unref());
      socket.once('close', () => {
        clearTimeout(this.spares.get(socket));
        this.spares.delete(socket);
        client.spare -= 1;
        this.forgetIfGone(client);
      });
    } else this.drop(socket);
  }

  /** A connection is idle again when its last request is answered. A WebSocket never is: its answer does not end. */
  private follow({ socket }: IncomingMessage, response: ServerResponse): void {
    clearTimeout(this.spares.get(socket));
    const place = this.places.get(socket);
    if (!place) return;
    place.responses.add(response);
    place.client.idle.delete(socket);
    response.once('close', () => {
      place.responses.delete(response);
      if (place.responses.size === 0 && this.places.has(socket)) place.client.idle.add(socket);
    });
    if (place.responses.size > MAX_PIPELINED) socket.destroy();
  }

  private release(socket: Socket): void {
    const place = this.places.get(socket);
    if (!place) return;
    const { client } = place;
    if (place.responses.size > 0) setImmediate(() => closeAll(place.responses));
    this.places.delete(socket);
    client.idle.delete(socket);
    this.count(client, -1);
    this.forgetIfGone(client);
  }

  private count(client: Client, change: 1 | -1): void {
    const before = this.ranks.get(client.held);
    before?.delete(client);
    if (before?.size === 0) this.ranks.delete(client.held);
    client.held += change;
    if (client.held > 0) this.ranks.set(client.held, (this.ranks.get(client.held) ?? new Set()).add(client));
    if (client.held > this.highest || !this.ranks.has(this.highest)) this.highest = client.held;
  }

  private clientAt(network: string): Client {
    const unknown = { network, held: 0, spare: 0, exchangeDueMs: -Infinity, idle: new Set<Socket>() };
    return this.clients.get(network) ?? unknown;
  }

  private forgetIfGone({ network, held, spare }: Client): void {
    if (held === 0 && spare === 0) this.clients.delete(network);
  }

  /** Closes it without a word, and reports it as Node does with what is beyond its maximum. */
  private drop(socket: Socket): void {
    this.server.emit('drop', { remoteAddress: socket.remoteAddress });
    socket.destroy();
  }
}

/** Node 20 forgets the responses that wait behind another one when their connection ends, and whoever waits for their end would wait for ever. */
function closeAll(responses: ReadonlySet<ServerResponse>): void {
  for (const response of responses) {
    if (response.closed) continue;
    Reflect.set(response, '_closed', true);
    response.emit('close');
  }
}
