import autocannon from 'autocannon';

/** A request of which many are sent. */
export interface LoadRequest {
  readonly path: string;
  readonly token: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface LoadOptions {
  readonly url: string;
  readonly requests: readonly LoadRequest[];
  readonly seconds: number;
  readonly connections: number;
  /** Requests a second, sent whether or not answers come; left out: as many as the connections carry. */
  readonly perSecond?: number;
  /** The status that a good answer has. */
  readonly expected: number;
}

export interface LoadFigures {
  /** Good answers. */
  readonly answered: number;
  /** Good answers a second. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers with another status, connections that broke and time-outs. */
  readonly failed: number;
}

/** Sends requests and measures the answers; at a fixed rate the wait of a request that could not be sent in time counts. */
export async function load(options: LoadOptions): Promise<LoadFigures> {
  const { url, requests, seconds, connections, perSecond, expected } = options;
  const result = await autocannon({
    url,
    duration: seconds,
    connections,
    ...(perSecond !== undefined && { overallRate: perSecond }),
    requests: requests.map(({ path, token, body }) => ({
      method: 'POST',
      path,
      headers: { token, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })),
  });
  const answered = result.statusCodeStats?.[`${expected}`]?.count ?? 0;
  return {
    answered,
    perSecond: answered / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failed: result.requests.total - answered + result.errors + result.timeouts,
  };
}
