import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { WebSocket, type ClientOptions } from 'ws';

export interface Refusal {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** A client whose WebSocket was opened. */
export class SocketClient {
  readonly messages: string[] = [];
  pings = 0;
  /** Code and reason of the end. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;

  private constructor(
    readonly socket: WebSocket,
    readonly headers: IncomingMessage['headers'],
  ) {
    socket.on('message', (data: Buffer, isBinary) => {
      this.messages.push(isBinary ? 'binary' : data.toString('utf8'));
    });
    socket.on('ping', () => (this.pings += 1));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString('utf8') })),
    );
  }

  static async open(
    url: string,
    headers: Record<string, string> = {},
    options: ClientOptions = {},
  ): Promise<SocketClient> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { ...options, headers });
    const [[answer], client] = await Promise.all([
      once(socket, 'upgrade') as Promise<[IncomingMessage]>,
      once(socket, 'open').then(() => new SocketClient(socket, {})),
    ]);
    Object.assign(client.headers, answer.headers);
    return client;
  }

  /** The answer to a client that is not let in. */
  static async refused(url: string, headers: Record<string, string> = {}): Promise<Refusal> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers });
    socket.on('error', () => undefined);
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
    let text = '';
    for await (const chunk of answer) text += String(chunk);
    return { status: answer.statusCode, headers: answer.headers, body: JSON.parse(text) };
  }

  /** Resolves when that many messages have arrived. */
  async received(count: number): Promise<string[]> {
    while (this.messages.length < count) await once(this.socket, 'message');
    return this.messages;
  }
}

/** Writes requests over one connection, each when the one before is answered; resolves with all that came back. */
export async function rawExchange(port: number, ...requests: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  let answer = '';
  socket.setEncoding('utf8').on('data', (data: string) => (answer += data));
  for (const request of requests) {
    socket.write(request);
    if (request !== requests.at(-1)) await once(socket, 'data');
  }
  await closed;
  return answer;
}
