import { jest } from '@jest/globals';
import { loadApiClient, type Client } from './browser-modules.js';

const TOKEN = 'rda_a-token-that-must-not-be-in-an-address';
const NOW = 'Sat, 31 Jan 2026 12:00:00 GMT';
const NOW_SECONDS = Date.parse(NOW) / 1000;

describe('the requests of the console', () => {
  const realFetch = globalThis.fetch;
  const sent: { url: string; init: RequestInit }[] = [];
  let client: Client;

  beforeEach(async () => {
    sent.length = 0;
    client = new (await loadApiClient()).ApiClient(TOKEN);
  });

  afterEach(() => {
    globalThis.fetch = realFetch;
  });

  function answerWith(body: unknown, status = 200, headers: Record<string, string> = {}): void {
    globalThis.fetch = (url, init = {}) => {
      sent.push({ url: typeof url === 'string' ? url : '', init });
      return Promise.resolve(new Response(JSON.stringify(body), { status, headers }));
    };
  }

  const budget = (left: number, resetInSeconds: number) => ({
    'X-RateLimit-Limit': '100',
    'X-RateLimit-Remaining': String(left),
    'X-RateLimit-Reset': String(NOW_SECONDS + resetInSeconds),
    Date: NOW,
  });

  it('carry the token in a header, never in the address, and no cookie', async () => {
    answerWith({ success: true });
    await client.json('POST', 'instance/new', { name: 'shop' });

    expect(sent[0]?.url).toBe('/api/instance/new');
    expect(sent[0]?.init).toMatchObject({
      method: 'POST',
      credentials: 'omit',
      headers: { token: TOKEN },
      body: '{"name":"shop"}',
    });
  });

  it('fail with the words, the code and the patience that the API tells', async () => {
    answerWith({ success: false, error: { message: 'Rate limit exceeded.' } }, 429, {
      'X-Error-Code': 'rate_limited',
      'Retry-After': '7',
    });

    await expect(client.json('GET', 'instance/list')).rejects.toMatchObject({
      message: 'Rate limit exceeded. (again in 7 s)',
      status: 429,
      code: 'rate_limited',
      retryAfterSeconds: 7,
    });
  });

  it('fail in plain words when something else than the API answers, or nothing at all', async () => {
    globalThis.fetch = () => Promise.resolve(new Response('<html>', { status: 502 }));
    await expect(client.json('GET', 'x')).rejects.toMatchObject({ message: 'The server answered 502' });

    globalThis.fetch = () => Promise.reject(new TypeError('fetch failed'));
    await expect(client.json('GET', 'x')).rejects.toMatchObject({
      message: 'The server does not answer',
      status: 0,
    });
  });

  it('are repeated as wished while most of the rate limit is left', async () => {
    expect(client.politeMs(500, 0.4)).toBe(500);
    answerWith({}, 200, budget(80, 60));
    await client.json('GET', 'x');

    expect(client.politeMs(500, 0.4)).toBe(500);
  });

  it('are spread over the rest of the minute when little is left, and lists stop for what is watched', async () => {
    jest.spyOn(performance, 'now').mockReturnValue(1000);
    answerWith({}, 200, budget(45, 30));
    await client.json('GET', 'x');

    // 45 are left: 5 above the reserve of lists, 40 above that of a call that somebody watches; 30 s to go.
    expect(client.politeMs(500, 0.4)).toBe(6000);
    expect(client.politeMs(500, 0.05)).toBe(750);

    answerWith({}, 200, budget(40, 30));
    await client.json('GET', 'x');
    expect(client.politeMs(500, 0.4)).toBe(30_000);
  });

  it('are as quick as before once the count has started anew', async () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1000);
    answerWith({}, 200, budget(0, 30));
    await client.json('GET', 'x');
    expect(client.politeMs(500, 0.4)).toBe(30_000);

    now.mockReturnValue(31_001);
    expect(client.politeMs(500, 0.4)).toBe(500);
  });
});
