import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tie } from './tunnel.js';

const VERSION = 5;
const AUTH_VERSION = 1;
const USER_PASSWORD = 2;
const NO_METHOD = 0xff;
const CONNECT = 1;
const [IPV4, DOMAIN] = [1, 3];
const IPV4_BYTES = 4;
/** Succeeded, bound to 0.0.0.0:0. */
const GRANTED = Buffer.from([VERSION, 0, 0, IPV4, 0, 0, 0, 0, 0, 0]);

/** A SOCKS5 proxy (RFC 1928) on loopback that asks for user name and password (RFC 1929). */
export class Socks5Proxy {
  /** `host:port` of each tunnel that was opened, in order. */
  readonly tunnels: string[] = [];
  /** Clients with wrong credentials. */
  refused = 0;
  private readonly clients = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly username: string,
    private readonly password: string,
  ) {
    server.on('connection', (client: Socket) => {
      this.clients.add(client);
      client.on('error', () => undefined).once('close', () => this.clients.delete(client));
      this.serve(client).catch(() => client.destroy());
    });
  }

  static async start(username: string, password: string): Promise<Socks5Proxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Socks5Proxy(server, username, password);
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(client: Socket): Promise<void> {
    const take = (count: number): Promise<Buffer> => readBytes(client, count);
    const [version, methodCount] = await take(2);
    const methods = await take(methodCount ?? 0);
    if (version !== VERSION || !methods.includes(USER_PASSWORD)) {
      client.end(Buffer.from([VERSION, NO_METHOD]));
      return;
    }
    client.write(Buffer.from([VERSION, USER_PASSWORD]));
    await take(1);
    const username = (await takeCounted(take)).toString();
    const password = (await takeCounted(take)).toString();
    const isKnown = username === this.username && password === this.password;
    if (!isKnown) {
      this.refused += 1;
      client.end(Buffer.from([AUTH_VERSION, 1]));
      return;
    }
    client.write(Buffer.from([AUTH_VERSION, 0]));
    const [, command, , addressType] = await take(4);
    if (command !== CONNECT || (addressType !== IPV4 && addressType !== DOMAIN))
      throw new Error('unsupported');
    const host =
      addressType === IPV4 ? [...(await take(IPV4_BYTES))].join('.') : String(await takeCounted(take));
    const port = (await take(2)).readUInt16BE();
    const upstream = connect(port, host, () => {
      this.tunnels.push(`${host}:${port}`);
      client.write(GRANTED);
      tie(client, upstream);
    });
    upstream.on('error', () => client.destroy());
  }
}

async function takeCounted(take: (count: number) => Promise<Buffer>): Promise<Buffer> {
  const [count] = await take(1);
  return take(count ?? 0);
}

/** The next `count` bytes; what came after them stays in the socket. */
async function readBytes(socket: Socket, count: number): Promise<Buffer> {
  if (count === 0) return Buffer.alloc(0);
  for (;;) {
    const bytes: unknown = socket.read(count);
    if (Buffer.isBuffer(bytes) && bytes.length === count) return bytes;
    if (socket.readableEnded || socket.destroyed) throw new Error('the client is gone');
    await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
  }
}
