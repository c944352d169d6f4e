import { PRODUCT_NAME, PRODUCT_VERSION } from '../../common/product.js';
import { FairTurns } from '../../common/async/fair-turns.js';
import { hostResolver, type ResolveHost } from '../../common/net/host-resolver.js';
import { CheckedAgents, MAX_SOCKETS_PER_ORIGIN } from './checked-agents.js';
import { failureReasonOf, SendFailure, type SendFailureReason } from './send-failure.js';
import { parseTarget } from '../../common/net/target-policy.js';
import { postOnce, StaleConnection, type PostAnswer } from './webhook-post.js';

const DEFAULT_TIMEOUT_MS = 10_000;
/** With the time limit below the time for which a lane is claimed: waiting is no reason to deliver twice. */
const DEFAULT_WAIT_MS = 3000;

export interface WebhookRequest {
  /** Its sends wait for each other, and for those of nobody else. */
  readonly accountId: string;
  readonly url: string;
  /** Authorization and signature; the content headers are added here. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** Also deliver to loopback and private addresses. */
  readonly allowPrivate: boolean;
  /** Bytes of the answer to keep; none by default. */
  readonly keepBytes?: number;
}

export type SendResult =
  | ({ readonly kind: 'answered'; readonly durationMs: number } & PostAnswer)
  | { readonly kind: 'failed'; readonly reason: SendFailureReason; readonly durationMs: number };

export interface WebhookSenderOptions {
  /** Time limit of one send from the look-up of the name to the end of the answer; 10 s by default. */
  readonly timeoutMs?: number;
  /** For a connection, while others of the account to the same origin have them all; 3 s by default. */
  readonly waitMs?: number;
  readonly resolve?: ResolveHost;
}

/**
 * Sends one webhook and returns what came of it; never throws. A send waits while {@link MAX_SOCKETS_PER_ORIGIN} others of the
 * account to the same origin are under way. The receiver is not to blame for that, so its time limit begins afterwards.
 */
export class WebhookSender {
  private readonly timeoutMs: number;
  private readonly waitMs: number;
  private readonly turns = new FairTurns<string>({ placesPerKey: MAX_SOCKETS_PER_ORIGIN });
  private readonly publicAgents: CheckedAgents;
  private readonly privateAgents: CheckedAgents;
  private readonly running = new Map<AbortController, Promise<unknown>>();
  private isClosed = false;

  constructor({
    timeoutMs = DEFAULT_TIMEOUT_MS,
    waitMs = DEFAULT_WAIT_MS,
    resolve = hostResolver(),
  }: WebhookSenderOptions = {}) {
    this.timeoutMs = timeoutMs;
    this.waitMs = waitMs;
    this.publicAgents = new CheckedAgents(resolve, { allowPrivate: false });
    this.privateAgents = new CheckedAgents(resolve, { allowPrivate: true });
  }

  async send(webhook: WebhookRequest): Promise<SendResult> {
    const startedMs = performance.now();
    const durationMs = () => Math.round(performance.now() - startedMs);
    try {
      const { url, accountId, allowPrivate } = webhook;
      const target = parseTarget(url, { allowPrivate });
      if (!target.ok) throw new SendFailure('target_refused');
      const answer = await this.inTurn(`${accountId} ${target.url.origin}`, (signal) =>
        this.post(webhook, target.url, signal),
      );
      return { kind: 'answered', ...answer, durationMs: durationMs() };
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
    { accountId, headers, body, allowPrivate, keepBytes = 0 }: WebhookRequest,
    url: URL,
    signal: AbortSignal,
  ): Promise<PostAnswer> {
    const bytes = Buffer.from(body, 'utf8');
    const agents = allowPrivate ? this.privateAgents : this.publicAgents;
    const request = {
      url,
      headers: { ...headers, ...contentHeaders(url, bytes) },
      body: bytes,
      agent: agents.for(url.protocol),
      accountId,
      keepBytes,
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

  private async inTurn<T>(key: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.isClosed) throw new SendFailure('aborted');
    const controller = new AbortController();
    const running = this.limited(key, work, controller);
    this.running.set(controller, running);
    try {
      return await running;
    } finally {
      this.running.delete(controller);
    }
  }

  private async limited<T>(
    key: string,
    work: (signal: AbortSignal) => Promise<T>,
    controller: AbortController,
  ): Promise<T> {
    const failAfter = (ms: number, reason: SendFailureReason) =>
      setTimeout(() => controller.abort(new SendFailure(reason)), ms);
    let timer = failAfter(this.waitMs, 'busy');
    try {
      const turn = await this.turns.take(key, controller.signal);
      clearTimeout(timer);
      timer = failAfter(this.timeoutMs, 'timeout');
      return await work(controller.signal).finally(() => turn.end());
    } finally {
      clearTimeout(timer);
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
