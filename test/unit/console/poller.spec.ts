import { jest } from '@jest/globals';
import { loadApiClient, loadPoller } from './browser-modules.js';

describe('the polling of the console', () => {
  const page = Object.assign(new EventTarget(), { hidden: false });
  const troubles: unknown[] = [];
  const client = { politeMs: (wishedMs: number) => wishedMs };
  let asked: number;

  beforeEach(() => {
    jest.useFakeTimers();
    Object.assign(globalThis, { document: page, window: globalThis });
    page.hidden = false;
    asked = 0;
    troubles.length = 0;
  });

  afterEach(() => {
    jest.useRealTimers();
    Reflect.deleteProperty(globalThis, 'document');
    Reflect.deleteProperty(globalThis, 'window');
  });

  async function poll(ask: () => Promise<void>, intervalMs = 1000) {
    const { Poller } = await loadPoller();
    const counted = async () => {
      asked += 1;
      await ask();
    };
    return new Poller(client, { intervalMs }, counted, (error) => troubles.push(error));
  }

  it('asks at once and then in its interval, until it is stopped', async () => {
    const poller = await poll(() => Promise.resolve());
    expect(asked).toBe(1);
    await jest.advanceTimersByTimeAsync(2500);
    expect(asked).toBe(3);

    poller.stop();
    await jest.advanceTimersByTimeAsync(5000);
    expect(asked).toBe(3);
  });

  it('rests while the page is hidden, and asks at once when it is seen again', async () => {
    const poller = await poll(() => Promise.resolve());
    page.hidden = true;
    await jest.advanceTimersByTimeAsync(10_000);
    expect(asked).toBe(1);

    page.hidden = false;
    page.dispatchEvent(new Event('visibilitychange'));
    await jest.advanceTimersByTimeAsync(0);
    expect(asked).toBe(2);
    poller.stop();
  });

  it('waits as long as the API asks for, tells the trouble, and tells when it is over', async () => {
    const { ApiClient } = await loadApiClient();
    const realFetch = globalThis.fetch;
    globalThis.fetch = () =>
      Promise.resolve(new Response('{}', { status: 429, headers: { 'Retry-After': '9' } }));
    const refused = new ApiClient('t').json('GET', 'x').then(() => undefined);
    await refused.catch(() => undefined);
    globalThis.fetch = realFetch;

    const poller = await poll(() => (asked === 1 ? refused : Promise.resolve()));
    await jest.advanceTimersByTimeAsync(8900);
    expect(asked).toBe(1);
    expect(troubles).toEqual([expect.objectContaining({ status: 429, retryAfterSeconds: 9 })]);

    await jest.advanceTimersByTimeAsync(200);
    expect(asked).toBe(2);
    expect(troubles[1]).toBeUndefined();
    poller.stop();
  });

  it('takes its trouble with it when it is stopped', async () => {
    const poller = await poll(() => Promise.reject(new Error('no answer')));
    await jest.advanceTimersByTimeAsync(0);
    poller.stop();
    expect(troubles).toEqual([new Error('no answer'), undefined]);
  });

  it('asks once more when it is told to while a question is under way', async () => {
    let answer: () => void = () => undefined;
    const poller = await poll(() => new Promise<void>((resolve) => (answer = resolve)));
    const again = poller.now();
    expect(asked).toBe(1);

    answer();
    await jest.advanceTimersByTimeAsync(0);
    expect(asked).toBe(2);
    answer();
    await again;
    poller.stop();
  });
});
