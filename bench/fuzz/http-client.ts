import { Agent, request as send, type IncomingMessage } from 'node:http';
import type { FuzzAnswer, FuzzRequest } from './fuzz-request.js';

/** Longer than the longest documented wait, 60 seconds for a code to link a phone. */
const TIMEOUT_MS = 75_000;

/** Sends requests as they are, over connections that are kept. */
export class HttpClient {
  private readonly agent: Agent;

  constructor(
    private readonly origin: URL,
    connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** @throws Error when no answer came, twice */
  async exchange(request: FuzzRequest, token: string): Promise<FuzzAnswer> {
    try {
      return await this.once(request, token);
    } catch {
      // The server may have closed a kept connection just then.
      return this.once(request, token);
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private once({ method, target, headers, body }: FuzzRequest, token: string): Promise<FuzzAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = send({
        agent: this.agent,
        host: this.origin.hostname,
        port: this.origin.port,
        method,
        path: target,
        headers: {
          ...(token !== '' && { token }),
          ...headers,
          ...(headers['upgrade'] !== undefined && { connection: 'Upgrade' }),
          ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
        },
      });
      outgoing.setTimeout(TIMEOUT_MS, () => outgoing.destroy(new Error('no answer in time')));
      outgoing.on('error', reject);
      outgoing.on('upgrade', (answer, socket) => {
        socket.destroy();
        resolve(toAnswer(answer, undefined));
      });
      outgoing.on('response', (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () =>
          resolve(toAnswer(answer, method === 'HEAD' ? undefined : Buffer.concat(chunks))),
        );
      });
      outgoing.end(body);
    });
  }
}

function toAnswer({ statusCode = 0, headers }: IncomingMessage, body: Buffer | undefined): FuzzAnswer {
  return { status: statusCode, headers, body };
}
