// @ts-check

/** While more than this share of a minute's requests is left, nobody waits. */
const PLENTY = 0.5;

/** The share of a minute's requests that is left to others: lists leave much to what somebody is watching. */
export const RESERVE = { list: 0.4, watched: 0.05 };

/** A request that failed, in the words of the API. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} status 0 = the server did not answer
   * @param {string} code
   * @param {number | undefined} retryAfterSeconds
   */
  constructor(message, status, code, retryAfterSeconds) {
    super(retryAfterSeconds === undefined ? message : `${message} (again in ${retryAfterSeconds} s)`);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Sends requests with a token that only this object knows, and keeps an eye on the rate limit of that token. */
export class ApiClient {
  /** @type {string} */
  #token;
  /** @type {{ limit: number, left: number, endsAtMs: number } | undefined} */
  #budget;

  /** @param {string} token */
  constructor(token) {
    this.#token = token;
  }

  /**
   * The parsed body of a successful answer.
   * @param {'GET' | 'POST' | 'DELETE'} method
   * @param {string} path below `/api/`
   * @param {object} [body]
   * @returns {Promise<unknown>}
   */
  async json(method, path, body) {
    return (await this.#send(method, path, body)).json();
  }

  /**
   * A picture as a data URI.
   * @param {string} path below `/api/`
   * @returns {Promise<string>}
   */
  async picture(path) {
    const blob = await (await this.#send('GET', path)).blob();
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(String(reader.result));
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(blob);
    });
  }

  /**
   * How long to wait before asking again for the sake of the rate limit: as wished while there is plenty, else so that
   * what is left lasts until the count starts anew.
   * @param {number} wishedMs
   * @param {number} reserve share of the limit that must stay untouched
   */
  politeMs(wishedMs, reserve) {
    const untilResetMs = this.#budget ? this.#budget.endsAtMs - performance.now() : 0;
    if (!this.#budget || untilResetMs <= 0) return wishedMs;
    const { limit, left } = this.#budget;
    if (left > limit * PLENTY) return wishedMs;
    const spare = left - limit * reserve;
    return Math.max(wishedMs, spare < 1 ? untilResetMs : untilResetMs / spare);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  async #send(method, path, body) {
    const response = await fetch(`/api/${path}`, {
      method,
      credentials: 'omit',
      cache: 'no-store',
      headers: { token: this.#token, ...(body && { 'Content-Type': 'application/json' }) },
      body: body && JSON.stringify(body),
    }).catch(() => {
      throw new ApiError('The server does not answer', 0, 'no_answer', undefined);
    });
    this.#remember(response.headers);
    if (!response.ok) throw await errorIn(response);
    return response;
  }

  /** @param {Headers} headers */
  #remember(headers) {
    const limit = Number(headers.get('X-RateLimit-Limit') ?? NaN);
    const left = Number(headers.get('X-RateLimit-Remaining') ?? NaN);
    // Told in the server's time, which may not be ours.
    const endsInMs =
      Number(headers.get('X-RateLimit-Reset') ?? NaN) * 1000 - Date.parse(headers.get('Date') ?? '');
    if ([limit, left, endsInMs].some(Number.isNaN)) return;
    this.#budget = { limit, left, endsAtMs: performance.now() + endsInMs };
  }
}

/** @param {Response} response */
async function errorIn(response) {
  /** @type {{ error?: { message?: string } }} */
  const body = await response.json().catch(() => ({}));
  const message = body.error?.message ?? `The server answered ${response.status}`;
  const retryAfter = response.headers.get('Retry-After');
  const code = response.headers.get('X-Error-Code') ?? '';
  return new ApiError(message, response.status, code, retryAfter === null ? undefined : Number(retryAfter));
}
