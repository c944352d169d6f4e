import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Agent } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { initAuthCreds } from '@whiskeysockets/baileys';
import WebSocket, { WebSocketServer } from 'ws';
import {
  BaileysConnection,
  type ConnectionEvents,
} from '../../../../src/whatsapp/baileys/baileys-connection.js';
import type { Disconnect } from '../../../../src/whatsapp/baileys/disconnect-reason.js';
import { guardWire } from '../../../../src/whatsapp/baileys/wire-guard.js';
import { ManualClock } from '../../../support/manual-clock.js';

const SILENT = { code: 408, reason: 'The WhatsApp server did not answer in time' };
const LIMIT_MS = 20_000;
/** More than the buffers of the system hold on the way. */
const MUCH = Buffer.alloc(32 * 1024 * 1024);
const ignored = () => undefined;

let clock: ManualClock;
let server: Server;
let port: number;
let sockets: Socket[];

beforeEach(async () => {
  clock = new ManualClock();
  sockets = [];
  server = createServer().on('connection', (socket: Socket) => sockets.push(socket.on('error', ignored)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
});

/** Carries the socket of the library to the server of the test, without TLS. */
class AgentToServer extends Agent {
  override createConnection(): Socket {
    return connect(port, '127.0.0.1');
  }
}

/** A connection of the library, and what it says of itself. */
function open() {
  const ends: Disconnect[] = [];
  let reached: () => void = ignored;
  const whenReached = new Promise<void>((resolve) => (reached = resolve));
  const events: ConnectionEvents = {
    ...{ credentials: ignored, qr: ignored, paired: ignored, opened: ignored, passkeyRequired: ignored },
    ...{ call: ignored, receipt: ignored, reachoutLock: ignored },
    reached,
    closed: (end) => ends.push(end),
  };
  const logger = {
    ...{ level: 'silent', trace: ignored, debug: ignored, info: ignored, warn: ignored, error: ignored },
    child: () => logger,
  };
  const keys = { get: () => ({}), set: ignored };
  const way = { agent: new AgentToServer(), keepOnline: false };
  const mayWrite = () => true;
  const connection = new BaileysConnection(initAuthCreds(), keys, logger, way, 1, events, clock, mayWrite);
  return { connection, ends, whenReached };
}

describe('a server', () => {
  it('that does not open the socket is given up after 20 s', async () => {
    server.on('upgrade', ignored);
    const { ends } = open();
    await once(server, 'upgrade');
    await clock.advance(LIMIT_MS - 1);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(ends).toEqual([SILENT]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that opens the socket gets another 20 s for its first frame', async () => {
    const { ends, whenReached } = open();
    const [request, socket, head] = (await once(server, 'upgrade')) as [IncomingMessage, Socket, Buffer];
    await clock.advance(LIMIT_MS - 1);
    new WebSocketServer({ noServer: true }).handleUpgrade(request, socket, head, ignored);
    await whenReached;
    await clock.advance(LIMIT_MS - 1);
    expect(ends).toEqual([]);
    await clock.advance(1);
    expect(ends).toEqual([SILENT]);
  });

  it.each([
    ['a whole frame ends the wait, whatever becomes of it', [0, 0, 1, 63], []],
    ['a part of a frame does not', [0, 0, 9, 63], [SILENT]],
  ])('that answers with %s', async (_, bytes, expected) => {
    new WebSocketServer({ server }).on('connection', (client) =>
      client.once('message', () => client.send(Buffer.from(bytes))),
    );
    const { connection, ends } = open();
    await once(connection.socket.ws, 'message');
    await setImmediate();
    await clock.advance(LIMIT_MS);
    expect(ends.filter(({ reason }) => reason === SILENT.reason)).toEqual(expected);
    await connection.close();
  });
});

describe('a socket', () => {
  async function guarded() {
    new WebSocketServer({ server });
    const wire = new WebSocket(`ws://127.0.0.1:${port}`).on('error', ignored);
    guardWire({ ws: { socket: wire } as never }, () => true, clock);
    await once(wire, 'open');
    return wire;
  }

  const written = (wire: WebSocket, data: Buffer): Promise<unknown> =>
    new Promise((resolve) => wire.send(data, resolve));

  it('that takes nothing for 20 s is ended, and whoever writes hears of it', async () => {
    const wire = await guarded();
    for (const socket of sockets) socket.pause();
    const outcomes = [written(wire, MUCH)];
    for (const ms of [LIMIT_MS / 2, LIMIT_MS / 2 - 1]) {
      await clock.advance(ms);
      outcomes.push(written(wire, Buffer.alloc(100)));
    }
    expect(wire.readyState).toBe(WebSocket.OPEN);
    await clock.advance(1);
    for (const outcome of await Promise.all(outcomes)) expect(outcome).toBeInstanceOf(Error);
    expect(wire.readyState).not.toBe(WebSocket.OPEN);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that takes what it is given is left alone', async () => {
    const wire = await guarded();
    const outcomes = [written(wire, Buffer.alloc(100)), written(wire, Buffer.alloc(100))];
    expect(clock.pendingTimers).toBe(1);
    for (const outcome of await Promise.all(outcomes)) expect(outcome).not.toBeInstanceOf(Error);
    expect(clock.pendingTimers).toBe(0);
    wire.terminate();
  });
});
