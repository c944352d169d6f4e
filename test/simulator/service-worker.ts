import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeAuthority, makeCertificate } from '../support/certificates.js';
import type { Recorder } from './recorder.js';

const HOST = 'web.whatsapp.com';
const PATH = '/sw.js';
const GIANT_BYTES = 8 * 1024 * 1024;

/** How the service worker of WhatsApp Web is served. `revision` is what it names as the client revision. */
export type ServiceWorkerAnswer =
  | { readonly kind: 'file'; readonly revision: number | string; readonly quotes?: 'plain' | 'escaped' }
  /** The connection ends within the number. */
  | { readonly kind: 'truncated'; readonly revision: number }
  /** The connection ends within the number, and nothing says that more was to come. */
  | { readonly kind: 'cut-short'; readonly revision: number }
  | { readonly kind: 'garbage' }
  /** What a network that wants its users to log in answers to everything. */
  | { readonly kind: 'login-page' }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'redirect'; readonly to: string }
  /** The number comes behind more than anybody should read. */
  | { readonly kind: 'giant'; readonly revision: number }
  | { readonly kind: 'silence' }
  /** Connections are ended at once. */
  | { readonly kind: 'down' };

/** A request for the service worker. */
export interface ServiceWorkerRequest {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly path: string;
}

/** The web server of WhatsApp Web, as far as a client asks it for its version: HTTPS with a certificate of its own authority. */
export class ServiceWorkerHost {
  readonly requests: ServiceWorkerRequest[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** File with the certificate of the authority, which a client has to trust. */
    readonly authorityFile: string,
    public answer: ServiceWorkerAnswer,
    private readonly recorder: Recorder,
  ) {
    server.on('connection', (socket: Socket) => {
      if (this.answer.kind === 'down') return socket.destroy();
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      return undefined;
    });
    server.on('request', (request, response) => this.serve(request, response));
  }

  static async start(answer: ServiceWorkerAnswer, recorder: Recorder): Promise<ServiceWorkerHost> {
    const authority = makeAuthority();
    const { certPem: cert, keyPem: key } = makeCertificate([HOST], authority);
    const server = createServer({ cert, key });
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const authorityFile = path.join(await mkdtemp(path.join(tmpdir(), 'simulator-')), 'authority.pem');
    await writeFile(authorityFile, authority.certPem);
    return new ServiceWorkerHost(server, authorityFile, answer, recorder);
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
    await rm(path.dirname(this.authorityFile), { recursive: true, force: true });
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    const { url = '', method, headers } = request;
    this.requests.push({ at: Date.now(), path: url });
    if (method !== 'GET' || new URL(url, `https://${HOST}`).pathname !== PATH)
      this.recorder.violation(undefined, `${method} ${url} is not the service worker`);
    if (headers.host !== HOST)
      this.recorder.violation(undefined, `the service worker is asked of ${headers.host}`);
    if (!headers['user-agent']?.startsWith('Mozilla/5.0 ')) {
      this.recorder.violation(undefined, 'the service worker is asked for by something that is no browser');
    }
    if (headers.cookie ?? headers.authorization)
      this.recorder.violation(undefined, 'the service worker is asked for with credentials');
    this.send(response, url);
  }

  private send(response: ServerResponse, url: string): void {
    const { answer } = this;
    const type = { 'Content-Type': 'text/javascript; charset=utf-8' };
    switch (answer.kind) {
      case 'file':
        return void response.writeHead(200, type).end(fileWith(answer.revision, answer.quotes));
      case 'truncated': {
        const whole = fileWith(answer.revision);
        response.writeHead(200, { ...type, 'Content-Length': whole.length });
        response.write(withinNumber(whole, answer.revision), () => response.destroy());
        return;
      }
      case 'cut-short':
        return void response
          .writeHead(200, type)
          .end(withinNumber(fileWith(answer.revision), answer.revision));
      case 'garbage':
        return void response.writeHead(200, type).end(Buffer.alloc(4096, 0xf3));
      case 'login-page':
        return void response
          .writeHead(200, { 'Content-Type': 'text/html' })
          .end('<!doctype html><title>Log in</title><form method="post"><input name="password"></form>');
      case 'status':
        return void response.writeHead(answer.status).end();
      case 'redirect':
        // The client that comes back gets the file.
        if (url !== PATH) return void response.writeHead(200, type).end(fileWith(1));
        return void response.writeHead(302, { Location: answer.to }).end();
      case 'giant':
        response.on('error', () => undefined);
        return void response.writeHead(200, type).end(' '.repeat(GIANT_BYTES) + fileWith(answer.revision));
      case 'silence':
      case 'down':
        return;
    }
  }
}

function fileWith(revision: number | string, quotes: 'plain' | 'escaped' = 'escaped'): string {
  const quote = quotes === 'plain' ? '"' : '\\"';
  const filler = 'self.importScripts("chunk.js");'.repeat(200);
  return `${filler}const data = "{${quote}client_revision${quote}:${revision},${quote}push_phase${quote}:${quote}C3${quote}}";`;
}

function withinNumber(file: string, revision: number): string {
  const at = file.indexOf(String(revision));
  return file.slice(0, at + String(revision).length - 2);
}
