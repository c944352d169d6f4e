import http from 'node:http';
import https from 'node:https';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { WebhookSender, type WebhookSenderOptions } from '../../../../src/webhooks/sending/webhook-sender.js';
import type { Certificate } from '../../../support/certificates.js';

export interface Received {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** Number of the connection it came on, from 1. */
  readonly connection: number;
}

/** A real receiver on 127.0.0.1 that remembers what came in. */
export class Receiver {
  readonly received: Received[] = [];
  readonly serverNames: string[] = [];
  private readonly sockets = new Map<Socket, number>();
  private connectionCount = 0;

  private constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.sockets.set(socket, ++this.connectionCount);
      socket.on('error', () => undefined).on('close', () => this.sockets.delete(socket));
    });
  }

  /** Speaks HTTP, or HTTPS when it has a certificate. */
  static async http(answer: http.RequestListener = ok, certificate?: Certificate): Promise<Receiver> {
    const server = certificate
      ? https.createServer({ cert: certificate.certPem, key: certificate.keyPem })
      : http.createServer();
    const receiver = new Receiver(server);
    server.on('secureConnection', (socket: { servername?: string | false }) => {
      if (typeof socket.servername === 'string') receiver.serverNames.push(socket.servername);
    });
    server.on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        const { method, url: path, headers, socket } = request;
        receiver.received.push({ method, path, headers, body, connection: receiver.numberOf(socket) });
        answer(request, response);
      });
    });
    return receiver.listen();
  }

  /** Does as it likes with each connection. */
  static async tcp(treat: (socket: Socket) => void): Promise<Receiver> {
    const server = net.createServer((socket) => {
      socket.resume(); // unread, the end of the connection would go unnoticed
      treat(socket);
    });
    return new Receiver(server).listen();
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** Connections that were ever accepted. */
  get connections(): number {
    return this.connectionCount;
  }

  get openConnections(): number {
    return this.sockets.size;
  }

  cutConnections(): void {
    for (const socket of this.sockets.keys()) socket.destroy();
  }

  async close(): Promise<void> {
    this.cutConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private numberOf(socket: Socket): number {
    return this.sockets.get(socket) ?? 0;
  }

  private async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }
}

function ok(_request: http.IncomingMessage, response: http.ServerResponse): void {
  response.end('thanks');
}

/** Receivers and senders of the tests of a `describe`, closed after each. */
export function useSending() {
  const open: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const thing of open.splice(0)) await thing.close();
  });
  return {
    receiving: async (receiver: Promise<Receiver>): Promise<Receiver> => {
      open.unshift(await receiver);
      return receiver;
    },
    senderWith: (options: WebhookSenderOptions): WebhookSender => {
      const sender = new WebhookSender({ timeoutMs: 5000, ...options });
      open.unshift(sender);
      return sender;
    },
  };
}
