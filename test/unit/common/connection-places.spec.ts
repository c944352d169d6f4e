import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Server } from 'node:http';
import type { Express, NextFunction, Request, Response } from 'express';
import { LimitedHttpAdapter } from '../../../src/common/http/limited-http.adapter.js';
import { probesFirst } from '../../../src/common/http/probes-first.js';
import { ErrorFilter } from '../../../src/common/http/error.filter.js';
import { ManualClock } from '../../support/manual-clock.js';
import { SilentLog } from '../../support/silent-log.js';

const MAX_CONNECTIONS = 24;
const SHARE = 6;
const SPARE_PLACES_PER_CLIENT = 8;

const requestFor = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

const connectionsOf = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
  });

/** Loopback has many addresses: each stands for a client of its own. */
class Visitor {
  answer = '';
  private constructor(readonly socket: Socket) {
    socket.on('data', (bytes) => (this.answer += bytes.toString('latin1')));
    socket.on('error', () => undefined);
  }

  static async come(server: Server, localAddress: string): Promise<Visitor> {
    const { port } = server.address() as AddressInfo;
    const seen = new Set<number | undefined>();
    const note = ({ remotePort }: Socket): void => void seen.add(remotePort);
    server.on('connection', note);
    const visitor = new Visitor(connect({ host: '127.0.0.1', port, localAddress }));
    await once(visitor.socket, 'connect');
    const { localPort } = visitor.socket;
    while (!seen.has(localPort)) await tick();
    server.off('connection', note);
    return visitor;
  }

  ask(path: string): Promise<number> {
    this.answer = '';
    this.socket.write(requestFor(path));
    return this.status();
  }

  /** 0 = closed without an answer. */
  async status(): Promise<number> {
    while (!this.answer.includes('\r\n\r\n') && !this.socket.closed) await tick();
    return Number(/^HTTP\/1\.1 (\d+)/.exec(this.answer)?.[1] ?? 0);
  }

  /** Whether it is closed within a moment. */
  async isClosed(): Promise<boolean> {
    for (let ticks = 0; ticks < 40 && !this.socket.closed; ticks += 1) await tick();
    return this.socket.closed;
  }
}

describe('places for connections', () => {
  let server: Server;
  let adapter: LimitedHttpAdapter;
  let clock: ManualClock;
  let visitors: Visitor[] = [];
  let dropped = 0;
  let requests = 0;

  const open = async (limits: { maxConnectionsPerAddress?: number } = {}) => {
    clock = new ManualClock();
    const defaults = {
      requestTimeoutMs: 30_000,
      maxConnections: MAX_CONNECTIONS,
      maxConnectionsPerAddress: SHARE,
    };
    adapter = new LimitedHttpAdapter({ ...defaults, ...limits }, clock);
    const errors = new ErrorFilter(new SilentLog());
    const express: Express = adapter.getInstance();
    express.use(probesFirst);
    express.get(['/work', '/health', '/health/live', '/metrics'], (_request, response) => response.json({}));
    express.get('/slow', () => undefined);
    express.use((error: unknown, _request: Request, response: Response, _next: NextFunction) =>
      errors.answer(error, response),
    );
    adapter.initHttpServer();
    server = adapter.getHttpServer();
    server.setMaxListeners(0);
    server.on('drop', () => (dropped += 1));
    server.on('request', () => (requests += 1));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  };

  afterEach(() => {
    for (const { socket } of visitors) socket.destroy();
    visitors = [];
    dropped = 0;
    requests = 0;
    server.closeAllConnections();
    server.close();
  });

  const come = async (client: number, count = 1): Promise<Visitor[]> => {
    const come = Array.from({ length: count }, () => Visitor.come(server, `127.0.0.${client}`));
    const all = await Promise.all(come);
    visitors.push(...all);
    return all;
  };
  /** Comes with requests that are not answered: nothing of them is idle. */
  const comeBusy = async (client: number, count: number): Promise<void> => {
    const before = requests;
    for (const { socket } of await come(client, count)) socket.write(requestFor('/slow'));
    while (requests < before + count) await tick();
  };

  it('belong to one client only as far as its share goes, and it gives up its own that are idle for longest', async () => {
    await open();
    const [first] = await come(1);
    const [second] = await come(1);
    await come(1, SHARE - 2);
    expect(await first?.ask('/work')).toBe(200);
    const [newest] = await come(1);
    expect(await newest?.ask('/work')).toBe(200);
    expect(await second?.isClosed()).toBe(true);
    expect(await first?.isClosed()).toBe(false);
    expect(dropped).toBe(1);
  });

  it('are exchanged by a client at its share a hundred times at once, and then fifty times a second', async () => {
    await open({ maxConnectionsPerAddress: 1 });
    const came: Visitor[] = [];
    for (let count = 0; count < 101; count += 1) came.push(...(await come(1)));
    expect(await came.at(-1)?.ask('/work')).toBe(200);
    const [refused] = await come(1);
    expect(await refused?.ask('/work')).toBe(503);
    await clock.advance(20);
    const [admitted] = await come(1);
    expect(await admitted?.ask('/work')).toBe(200);
  });

  it('are exchanged without a limit where proxies stand in front', async () => {
    await open({ maxConnectionsPerAddress: MAX_CONNECTIONS });
    await come(1, MAX_CONNECTIONS);
    for (let count = 0; count < 110; count += 1) expect(await (await come(1))[0]?.ask('/work')).toBe(200);
  });

  it('end for each request of a connection that is closed, also for those behind another one', async () => {
    await open();
    const ended: string[] = [];
    server.on('request', (request, response) => response.once('close', () => ended.push(request.url ?? '')));
    const [visitor] = await come(1);
    visitor?.socket.write(['/slow?1', '/slow?2', '/work'].map(requestFor).join(''));
    while (requests < 3) await tick();
    visitor?.socket.destroy();
    while (ended.length < 3) await tick();
    await tick();
    expect(ended.sort()).toEqual(['/slow?1', '/slow?2', '/work']);
  });

  it('are lost by a client that sends seventeen requests without waiting for an answer', async () => {
    await open();
    const [patient, hasty] = await come(1, 2);
    patient?.socket.write(requestFor('/slow').repeat(16));
    hasty?.socket.write(requestFor('/slow').repeat(17));
    expect(await hasty?.isClosed()).toBe(true);
    expect(await patient?.isClosed()).toBe(false);
  });

  it('are as many as the share of a client says also when that is one', async () => {
    await open({ maxConnectionsPerAddress: 1 });
    const came: Visitor[] = [];
    for (let count = 0; count < 5; count += 1) came.push(...(await come(1)));
    expect(await Promise.all(came.map((visitor) => visitor.isClosed()))).toEqual([
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it('are never taken from requests at work: beyond its share a busy client gets 503, and its probes are answered', async () => {
    await open();
    await comeBusy(1, SHARE);
    const [refused, probe] = await come(1, 2);
    expect(await refused?.ask('/work')).toBe(503);
    expect(refused?.answer).toContain('X-Error-Code: too_many_connections');
    expect(refused?.answer).toContain(
      '{"success":false,"error":{"message":"Too many connections are open from this address"}}',
    );
    expect(await refused?.isClosed()).toBe(true);
    expect(await probe?.ask('/health/live')).toBe(200);
    expect(await probe?.isClosed()).toBe(true);
    expect(await (await come(2))[0]?.ask('/work')).toBe(200);
  });

  it('are left for newcomers by whoever has most of them, when all are taken', async () => {
    await open();
    const greedy = await come(1, SHARE);
    for (const client of [2, 3, 4, 5]) await come(client, client === 5 ? 3 : 5);
    expect(greedy.filter(({ socket }) => socket.closed)).toHaveLength(0);
    const [newcomer] = await come(6);
    expect(await newcomer?.ask('/work')).toBe(200);
    const closed = await Promise.all(greedy.map((visitor) => visitor.isClosed()));
    expect(closed.filter(Boolean)).toHaveLength(1);
  });

  it.each(['/health', '/health/live', '/metrics'])(
    'are there for %s also when all are taken and at work, and for nothing else',
    async (probe) => {
      await open();
      for (const client of [1, 2, 3, 4]) await comeBusy(client, SHARE);
      const [monitor, stranger] = [...(await come(5)), ...(await come(6))];
      expect(await monitor?.ask(probe)).toBe(200);
      expect(await stranger?.ask('/work')).toBe(503);
      expect(stranger?.answer).toContain(
        '{"success":false,"error":{"message":"Too many connections are open"}}',
      );
    },
  );

  it('beyond the maximum are few for each client, and only for a moment without a request', async () => {
    await open();
    for (const client of [1, 2, 3, 4]) await comeBusy(client, SHARE);
    const crowd = await come(5, SPARE_PLACES_PER_CLIENT + 3);
    const closed = await Promise.all(crowd.map((visitor) => visitor.isClosed()));
    expect(closed.filter(Boolean)).toHaveLength(3);
    expect(await (await come(6))[0]?.ask('/health')).toBe(200);
    const startedMs = performance.now();
    await Promise.all(crowd.map(({ socket }) => (socket.closed ? Promise.resolve() : once(socket, 'close'))));
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    expect(await (await come(5))[0]?.ask('/health')).toBe(200);
    expect(dropped).toBe(SPARE_PLACES_PER_CLIENT + 3);
  });

  it('may all be those of one address where proxies stand in front', async () => {
    await open({ maxConnectionsPerAddress: MAX_CONNECTIONS });
    await comeBusy(1, MAX_CONNECTIONS - 1);
    const [last] = await come(1);
    expect(await last?.ask('/work')).toBe(200);
    const [next] = await come(1);
    expect(await next?.ask('/work')).toBe(200);
    expect(await last?.isClosed()).toBe(true);
  });

  it('come back when connections end', async () => {
    await open();
    for (let round = 0; round < 5; round += 1) {
      await comeBusy(1, SHARE);
      for (const { socket } of visitors) socket.destroy();
      visitors = [];
      while ((await connectionsOf(server)) > 0) await tick();
    }
    await comeBusy(1, SHARE - 1);
    expect(await (await come(1))[0]?.ask('/work')).toBe(200);
    expect(dropped).toBe(0);
  });

  it('of the listener for probes serve nothing but probes', async () => {
    await open();
    const probes = await adapter.listenForProbes('127.0.0.1', 0);
    const visitor = await Visitor.come(probes, '127.0.0.9');
    visitors.push(visitor);
    expect(await visitor.ask('/health')).toBe(200);
    expect(await visitor.ask('/metrics')).toBe(200);
    expect(await visitor.ask('/work')).toBe(404);
    probes.closeAllConnections();
    probes.close();
  });
});
