import { PRODUCT_NAME, PRODUCT_VERSION } from '../common/product.js';
import { CheckedAgents } from './checked-agents.js';
import { hostResolver, type ResolveHost } from './host-resolver.js';
import { failureReasonOf, SendFailure, type SendFailureReason } from './send-failure.js';
import { parseTarget } from '../common/net/target-policy.js';
import { postOnce, StaleConnection } from './webhook-post.js';

const DEFAULT_TIMEOUT_MS = 10_000;

export interface WebhookRequest {
  readonly url: string;
  /** Authorization and signature; the content headers are added here. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** Also deliver to loopback and private addresses. */
  readonly allowPrivate: boolean;
}

export type SendResult =
  | { readonly kind: 'answered'; readonly status: number; readonly durationMs: number }
  | { readonly kind: 'failed'; readonly reason: SendFailureReason; readonly durationMs: number };

export interface WebhookSenderOptions {
  /** Time limit of one send from the look-up of the name to the end of the answer; 10 s by default. */
  readonly timeoutMs?: number;
  readonly resolve?: ResolveHost;
}

/**
 * Sends one webhook and tells what came of it; never throws. A send waits, within its time limit, while
 * {@link MAX_SOCKETS_PER_ORIGIN} others to the same origin are under way.
 */
export class WebhookSender {
  private readonly timeoutMs: number;
  private readonly publicAgents: CheckedAgents;
  private readonly privateAgents: CheckedAgents;
  private readonly running = new Map<AbortController, Promise<unknown>>();
  private isClosed = false;

  constructor({ timeoutMs = DEFAULT_TIMEOUT_MS, resolve = hostResolver() }: WebhookSenderOptions = {}) {
    this.timeoutMs = timeoutMs;
    this.publicAgents = new CheckedAgents(resolve, { allowPrivate: false });
    this.privateAgents = new CheckedAgents(resolve, { allowPrivate: true });
  }

  async send(webhook: WebhookRequest): Promise<SendResult> {
    const startedMs = performance.now();
    const durationMs = () => Math.round(performance.now() - startedMs);
    try {
      const status = await this.limited((signal) => this.post(webhook, signal));
      return { kind: 'answered', status, durationMs: durationMs() };
    } catch (error) {
      return { kind: 'failed', reason: failureReasonOf(error, false), durationMs: durationMs() };
    }
  }

  /** Ends what is under way as `aborted` and closes all connections; later sends are `aborted` at once. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const controller of this.running.keys()) controller.abort(new SendFailure('aborted'));
    await Promise.allSettled(this.running.values());
    this.publicAgents.close();
    this.privateAgents.close();
  }

  private async post(
    { url, headers, body, allowPrivate }: WebhookRequest,
    signal: AbortSignal,
  ): Promise<number> {
    const target = parseTarget(url, { allowPrivate });
    if (!target.ok) throw new SendFailure('target_refused');
    const bytes = Buffer.from(body, 'utf8');
    const agents = allowPrivate ? this.privateAgents : this.publicAgents;
    const request = {
      url: target.url,
      headers: { ...headers, ...contentHeaders(target.url, bytes) },
      body: bytes,
      agent: agents.for(target.url.protocol),
      signal,
    };
    // Ends: every stale connection leaves the pool, and a new one is never stale.
    for (;;) {
      try {
        return await postOnce(request);
      } catch (error) {
        if (!(error instanceof StaleConnection)) throw error;
      }
    }
  }

  private async limited<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.isClosed) throw new SendFailure('aborted');
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new SendFailure('timeout')), this.timeoutMs);
    const running = work(controller.signal);
    this.running.set(controller, running);
    try {
      return await running;
    } finally {
      clearTimeout(timer);
      this.running.delete(controller);
    }
  }
}

function contentHeaders(url: URL, body: Buffer): Record<string, string> {
  return {
    host: url.host,
    'content-type': 'application/json',
    'content-length': String(body.length),
    'user-agent': `${PRODUCT_NAME}/${PRODUCT_VERSION}`,
  };
}
