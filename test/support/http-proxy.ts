import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Certificate } from './certificates.js';
import { tie } from './tunnel.js';

/** An HTTP proxy on loopback that opens CONNECT tunnels for one user; with a certificate it is spoken to over TLS. */
export class HttpProxy {
  /** `host:port` of each tunnel that was opened, in order. */
  readonly tunnels: string[] = [];
  /** Requests with no or wrong credentials. */
  refused = 0;
  /** Ports on loopback of hosts, `host:port`, that the proxy finds elsewhere than the network does. */
  readonly hosts = new Map<string, number>();
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly authorization: string,
  ) {
    server.on('connect', (request, client: Socket, head: Buffer) => this.open(request, client, head));
  }

  static async start(username: string, password: string, certificate?: Certificate): Promise<HttpProxy> {
    const refuse = (_request: IncomingMessage, response: ServerResponse) => response.writeHead(405).end();
    const server = certificate
      ? createSecureServer({ cert: certificate.certPem, key: certificate.keyPem }, refuse)
      : createServer(refuse);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HttpProxy(server, `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`);
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Tunnels that are open now. */
  get openTunnels(): number {
    return [...this.sockets].filter((socket) => !socket.destroyed).length;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private open(request: IncomingMessage, client: Socket, head: Buffer): void {
    client.on('error', () => undefined);
    if (request.headers['proxy-authorization'] !== this.authorization) {
      this.refused += 1;
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n');
      return;
    }
    const target = new URL(`http://${request.url}`);
    const known = this.hosts.get(target.host);
    const upstream = connect(known ?? Number(target.port), known ? '127.0.0.1' : target.hostname, () => {
      this.tunnels.push(String(request.url));
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      tie(client, upstream);
    });
    upstream.on('error', () => client.destroy());
    this.sockets.add(client);
    client.once('close', () => this.sockets.delete(client));
  }
}
