import { failure, failureOf } from '../support/failure.js';
import { Stage } from '../support/stage.js';

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const SCRIPT = '/console/assets/main.js';

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.open();
});

afterAll(() => stage.close());

describe("the operator's console", () => {
  const fetchText = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(stage.product.url + path, { headers });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  /** The files that the page loads, and those that its scripts import, as paths. */
  async function allAssets(): Promise<Map<string, string>> {
    const page = await fetchText('/console');
    const waiting = [...page.text.matchAll(/(?:src|href)="([^"]+\.\w+)"/g)].map(([, link]) => link ?? '');
    const assets = new Map<string, string>();
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (assets.has(path)) continue;
      const { status, text } = await fetchText(path);
      expect({ path, status }).toEqual({ path, status: 200 });
      assets.set(path, text);
      for (const [, module] of text.matchAll(/^import .*?from '([^']+)'/gm)) {
        waiting.push(new URL(module ?? '', `http://x${path}`).pathname);
      }
    }
    return assets;
  }

  it('is a page for everybody, with a strict policy, not indexed and not kept', async () => {
    const { status, headers, text } = await fetchText('/console');

    expect(status).toBe(200);
    expect(text).toMatch(/^<!doctype html>/);
    expect(text).toContain('<meta name="robots" content="noindex, nofollow" />');
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'x-robots-tag': 'noindex, nofollow',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(headers.get('set-cookie')).toBeNull();
    expect(headers.get('x-ratelimit-limit')).toBeNull();
  });

  it('has nothing inline, which the policy would refuse', async () => {
    const { text } = await fetchText('/console');

    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/i);
    expect([...text.matchAll(/<script\b[^>]*>([^]*?)<\/script>/g)].map(([, inside]) => inside)).toEqual(['']);
  });

  it('gets all its parts, and what they import, from this server', async () => {
    const assets = await allAssets();

    expect(assets.size).toBeGreaterThan(8);
    for (const [path, text] of assets) {
      expect(path).toMatch(/^\/console\/assets\/[\w-]+\.(js|css|svg)$/);
      // The name of the SVG format is an address that nobody visits.
      expect(text.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\/|@import|url\(/);
    }
  });

  it('keeps the token in memory only, and text never becomes markup', async () => {
    for (const [path, text] of await allAssets()) {
      const found =
        /localStorage|sessionStorage|indexedDB|\.cookie|innerHTML|insertAdjacentHTML|\?token/.exec(text);
      expect({ path, found: found?.[0] }).toEqual({ path, found: undefined });
    }
  });

  it('asks only routes that the API documents', async () => {
    const { body } = await stage.get('/docs/openapi.json');
    const documented = Object.keys(body.paths as object);
    const script = (await allAssets()).get('/console/assets/api.js') ?? '';
    const asked = [...script.matchAll(/(\bon\()?['`]((?:instance|call|events)\/\w+)/g)].map(
      ([, onInstance, route]) => `/api/${route}${onInstance ? '/{instance}' : ''}`,
    );

    expect(asked.length).toBeGreaterThan(12);
    expect(documented).toEqual(expect.arrayContaining(asked));
  });

  it('lets browsers keep its parts and ask whether they are still right', async () => {
    const first = await fetchText(SCRIPT);
    expect(first.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(first.headers.get('cache-control')).toBe('no-cache');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{22}"$/);

    // Said as browsers do; of itself fetch() would ask for a fresh answer.
    const asBrowser = { 'Cache-Control': 'max-age=0' };
    const second = await fetchText(SCRIPT, { ...asBrowser, 'If-None-Match': etag });
    expect({ status: second.status, text: second.text }).toEqual({ status: 304, text: '' });
    expect((await fetchText(SCRIPT, { ...asBrowser, 'If-None-Match': '"old"' })).status).toBe(200);
  });

  it.each([
    '/console/nope',
    '/console/assets',
    '/console/assets/nope.js',
    '/console/assets/console.html',
    '/console/assets/..%2fconsole.controller.js',
    '/console/assets/%2e%2e%2f%2e%2e%2fmain.js',
    '/console/assets/constructor',
    '/api/console',
  ])('answers %s as an unknown route', async (path) => {
    expect(failureOf(await stage.get(path))).toEqual(failure(404, 'route_not_found', 'Route not found'));
  });

  it('is no part of the documented API, which leads to it', async () => {
    const { body } = await stage.get('/docs/openapi.json');
    expect(Object.keys(body.paths as object).filter((path) => path.includes('console'))).toEqual([]);
    expect((body.info as { description: string }).description).toContain('(/console)');
  });
});

describe('the documentation as a console', () => {
  it('groups the routes in the order in which a newcomer needs them', async () => {
    const { body } = await stage.get('/docs/openapi.json');
    expect((body.tags as { name: string }[]).map(({ name }) => name)).toEqual([
      'Instances',
      'Linking',
      'Calls',
      'Events',
      'Settings',
      'Accounts',
      'Operations',
    ]);
  });

  it('gives curl the address that the product listens on', async () => {
    const { body } = await stage.get('/docs/openapi.json');
    expect((body.info as { description: string }).description).toContain(
      `curl -X POST ${stage.product.url}/api/call/fake/shop`,
    );
  });
});
