import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificates.js';

/** A delivery as it came in. */
export interface ReceivedWebhook {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly atMs: number;
  /** What it was answered. */
  readonly answer: ReceiverAnswer;
}

/** A status, with more or alone, or a receiver that never answers, or one that cuts the connection. */
export type ReceiverAnswer = number | FullAnswer | 'hang' | 'reset';

interface FullAnswer {
  readonly status: number;
  readonly afterMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Somebody's server that webhooks are sent to. */
export class WebhookReceiver {
  readonly received: ReceivedWebhook[] = [];
  private readonly hanging = new Set<ServerResponse>();

  private constructor(
    private readonly server: Server,
    /** What to answer; a test may replace it. */
    public answer: (webhook: Omit<ReceivedWebhook, 'answer'>) => ReceiverAnswer,
    private readonly scheme: 'http' | 'https',
  ) {}

  /**
   * @param port 0 = any free one; a port of an earlier receiver takes its place
   * @param certificate speaks HTTPS with it
   */
  static async start(
    answer: WebhookReceiver['answer'] = () => 200,
    port = 0,
    certificate?: Certificate,
  ): Promise<WebhookReceiver> {
    const server = certificate
      ? createSecureServer({ cert: certificate.certPem, key: certificate.keyPem })
      : createServer();
    const receiver = new WebhookReceiver(server, answer, certificate ? 'https' : 'http');
    server.on('request', (request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        const { url: path = '', headers } = request;
        receiver.take({ path, headers, body, atMs: performance.now() }, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `${this.scheme}://127.0.0.1:${this.port}/hook`;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** The deliveries that were answered with 2xx, in order. */
  get accepted(): ReceivedWebhook[] {
    return this.received.filter(({ answer }) => typeof answer === 'number' && answer >= 200 && answer < 300);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(webhook: Omit<ReceivedWebhook, 'answer'>, response: ServerResponse): void {
    const answer = this.answer(webhook);
    this.received.push({ ...webhook, answer });
    if (answer === 'reset') response.destroy();
    else if (answer === 'hang') this.hanging.add(response);
    else if (typeof answer === 'number') response.writeHead(answer).end();
    else setTimeout(() => response.writeHead(answer.status, answer.headers).end(), answer.afterMs).unref();
  }
}
