import { connect } from 'node:net';
import { Validator } from '@seriousme/openapi-schema-validator';
import { failure, failureOf } from '../support/failure.js';
import { Stage } from '../support/stage.js';

const ROUTE_NOT_FOUND = failure(404, 'route_not_found', 'Route not found');
const METRICS_TOKEN = 'a-metrics-token-with-32-characters';

interface WithExamples {
  readonly requestBody: {
    readonly content: {
      'application/json': { readonly examples: Record<string, { readonly value: unknown }> };
    };
  };
}

describe('the HTTP side of the product', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ METRICS_TOKEN });
  });

  afterAll(() => stage.close());

  it('leads newcomers to the docs', async () => {
    const answer = await stage.get('/');
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toBe('/docs');
  });

  it('serves the docs and all their parts itself', async () => {
    const page = await stage.get('/docs', { token: '' });
    expect(page.headers.get('content-type')).toContain('text/html');
    const sources = [...String(page.body.text).matchAll(/(?:src|href)="([^"]+)"/g)].map(
      ([, source]) => source ?? '',
    );
    expect(sources.length).toBeGreaterThan(3);
    for (const source of sources) {
      expect(source).not.toMatch(/^(https?:)?\/\//);
      expect((await stage.get(new URL(source, 'http://x/docs').pathname)).status).toBe(200);
    }
  });

  it.each(['settings', 'proxy'])(
    'suggests in its docs a request to %s that changes nothing',
    async (what) => {
      const { body } = await stage.get('/docs/openapi.json');
      const { paths } = body as { paths: Record<string, { post: WithExamples }> };
      const { examples } = paths[`/api/instance/${what}/{instance}`]?.post.requestBody.content[
        'application/json'
      ] ?? { examples: {} };
      const [suggested] = Object.values(examples);
      const name = `suggested-${what}`;
      await stage.newInstance(name, { autoRejectCalls: true });
      const before = await stage.instance(name);
      expect((await stage.post(`/api/instance/${what}/${name}`, suggested?.value)).status).toBe(200);
      const after = await stage.instance(name);
      expect({ ...after, updatedAt: before.updatedAt }).toEqual(before);
    },
  );

  it('describes itself in valid OpenAPI 3.1, with every kind of token', async () => {
    const { body } = await stage.get('/docs/openapi.json', { token: '' });
    expect(body.openapi).toBe('3.1.0');
    expect(await new Validator().validate(structuredClone(body))).toEqual({ valid: true });
    const { securitySchemes } = body.components as { securitySchemes: object };
    expect(Object.keys(securitySchemes)).toEqual(['TokenAccount', 'TokenInstance', 'AdminToken', 'Bearer']);
  });

  it('documents an answer, the common errors and unique ids for every route, and no path without its name', async () => {
    const { body } = await stage.get('/docs/openapi.json');
    const paths = body.paths as Record<string, Record<string, { operationId: string; responses: object }>>;
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/api/call/fake/{instance}', '/api/account/new']),
    );
    expect(Object.keys(paths)).not.toContain('/api/call/fake');
    const operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.values(item).map((operation) => ({ path, ...operation })),
    );
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { path, responses } of operations.filter((operation) => operation.path.startsWith('/api/'))) {
      const expected = path.includes('{instance}')
        ? ['400', '401', '404', '429', '500']
        : ['401', '429', '500'];
      expect({ path, statuses: Object.keys(responses) }).toEqual({
        path,
        statuses: expect.arrayContaining(expected),
      });
    }
  });

  it.each([
    ['GET', '/nope'],
    ['GET', '/api'],
    ['GET', '/api/nope'],
    ['POST', '/api/call/nope/shop'],
    ['GET', '/docs/nope'],
    ['DELETE', '/health/nope'],
  ])('answers %s %s as an unknown route', async (method, path) => {
    const answer = await stage.request(method, path);
    expect(failureOf(answer)).toEqual(ROUTE_NOT_FOUND);
    expect(answer.headers.get('x-request-id')).toBeTruthy();
  });

  it.each(['/api/call/list/%E0%A4%A', '/%', '/api/account/rotateToken/%FF', '/api/call/list/%ed%a0%80'])(
    'says of the path %s that it is not UTF-8 in percent-encoding',
    async (path) => {
      expect(failureOf(await stage.get(path))).toEqual(
        failure(
          400,
          'bad_request',
          'Request cannot be understood: its path is not valid UTF-8 in percent-encoding',
        ),
      );
    },
  );

  it.each(['caf%e9', '%ed%a0%80', 'a&x=%FF'])(
    'says of the query %s that it is not UTF-8 in percent-encoding, and looks for no other name',
    async (name) => {
      expect(failureOf(await stage.get(`/api/instance/list?instanceName=${name}`))).toEqual(
        failure(
          400,
          'bad_request',
          'Request cannot be understood: its query is not valid UTF-8 in percent-encoding',
        ),
      );
      expect(failureOf(await stage.get('/api/instance/list?instanceName=caf%c3%a9%'))).toMatchObject({
        status: 404,
      });
    },
  );

  it('answers bytes that are not HTTP in the same form', async () => {
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(new URL(stage.product.url).port), '127.0.0.1', () =>
        socket.write('HELLO\r\n\r\n'),
      );
      socket.on('data', (bytes) => (text += bytes.toString())).on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toMatch(/\r\nX-Request-Id: \S+\r\n/);
    expect(answer).toContain('{"success":false,"error":{"message":"Request cannot be understood"}}');
  });

  it.each(['', ',', '%20,', ',,'])(
    'takes the blank list of names "%s" for a name that is not there',
    async (names) => {
      expect(failureOf(await stage.get(`/api/instance/list?instanceName=${names}`))).toEqual(
        failure(404, 'instance_not_found', 'Instance not found'),
      );
      expect((await stage.get('/api/instance/list')).status).toBe(200);
    },
  );

  it('takes a blank label for one that no webhook has', async () => {
    await stage.newInstance('labels');
    await stage.post('/api/events/webhook/labels', { enabled: true, url: 'https://example.com/hook' });
    for (const label of ['', '%20']) {
      expect(failureOf(await stage.get(`/api/events/getWebhook/labels?label=${label}`))).toMatchObject({
        status: 404,
        code: 'webhook_not_found',
      });
    }
  });

  it('refuses a body over 100 kB once it knows who sends it', async () => {
    const body = { name: 'x'.repeat(110_000) };
    expect(failureOf(await stage.post('/api/instance/new', body, { token: '' }))).toMatchObject({
      status: 401,
    });
    expect(failureOf(await stage.post('/api/instance/new', body))).toEqual(
      failure(413, 'body_too_large', 'Request body is larger than 100 kB'),
    );
  });

  it.each(['{"name":"x","__proto__":{"a":1}}', '{"name":"y","constructor":{"prototype":{}},"toString":1}'])(
    'ignores fields with dangerous names: %s',
    async (body) => {
      expect((await stage.post('/api/instance/new', body)).status).toBe(201);
    },
  );

  it('tells browsers to do nothing with an answer but to hand it over', async () => {
    for (const route of ['/api/instance/list', '/health', '/nope']) {
      const { headers } = await stage.get(route);
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-security-policy':
          "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
      expect(headers.has('strict-transport-security')).toBe(false);
      expect(headers.has('x-powered-by')).toBe(false);
    }
    expect((await stage.get('/api/instance/list')).headers.get('cache-control')).toBe('no-store');
  });

  it('lets the docs keep no token in the browser', async () => {
    const { body } = await stage.get('/docs/swagger-ui-init.js');
    expect(String(body.text)).toMatch(/"persistAuthorization":\s*false/);
  });

  it('lets the docs run their own scripts and nobody else’s', async () => {
    const policy = (await stage.get('/docs')).headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self';");
    expect(policy).toContain("default-src 'none';");
    expect(policy).not.toMatch(/script-src[^;]*unsafe|https?:|\*/);
  });

  it('answers OPTIONS and HEAD', async () => {
    const options = await stage.request('OPTIONS', '/api/instance/list', { token: '' });
    expect(options.status).toBe(204);
    expect(options.headers.get('allow')).toContain('POST');
    expect((await stage.request('HEAD', '/health')).status).toBe(200);
  });

  it('answers lists page by page', async () => {
    for (const name of ['paged-1', 'paged-2']) await stage.newInstance(name);
    for (const label of ['first', 'second']) {
      const { status } = await stage.post('/api/events/webhook/paged-1', { label, enabled: false });
      expect(status).toBe(200);
    }
    for (const [route, field, key] of [
      ['/api/instance/list?instanceName=paged-1,paged-2&', 'instances', 'name'],
      ['/api/events/getWebhook/paged-1?', 'webhooks', 'label'],
    ] as const) {
      const first = await stage.get(`${route}limit=1`);
      const { nextCursor } = first.body.meta as { nextCursor: string };
      const second = await stage.get(`${route}limit=1&cursor=${nextCursor}`);
      const rows = [first, second].flatMap(({ body }) => body[field] as Record<string, unknown>[]);
      expect(rows.map((row) => row[key])).toEqual(
        key === 'name' ? ['paged-1', 'paged-2'] : ['first', 'second'],
      );
      expect(second.body.meta).toMatchObject({ nextCursor: null });
    }
  });

  it('warns once when a reverse proxy stands in front that it does not believe', async () => {
    for (let n = 0; n < 2; n += 1)
      await stage.get('/health', { headers: { 'X-Forwarded-For': '203.0.113.9' } });
    expect(stage.product.stdout().match(/set TRUSTED_PROXIES/g)).toHaveLength(1);
  });

  it('is healthy, alive and ready', async () => {
    const { status, body } = await stage.get('/health', { token: '' });
    expect(status).toBe(200);
    expect(body).toEqual({
      status: 'ok',
      service: 'Ringdrop',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      uptime: expect.any(Number),
      timestamp: expect.stringMatching(/Z$/),
      checks: { db: 'ok' },
      whatsappWebVersion: { version: expect.stringMatching(/^2\.3000\.\d+$/), source: 'built-in' },
    });
    expect((await stage.get('/health/live')).body).toEqual({ status: 'ok' });
    expect((await stage.get('/health/ready')).status).toBe(200);
  });

  it('shows its metrics to those who know the token', async () => {
    expect(failureOf(await stage.get('/metrics', { token: '' }))).toMatchObject({
      status: 401,
      code: 'missing_token',
    });
    expect(failureOf(await stage.get('/metrics'))).toMatchObject({ status: 401, code: 'invalid_token' });
    const answer = await stage.get('/metrics', { token: METRICS_TOKEN });
    expect(answer.headers.get('content-type')).toContain('text/plain');
    expect(String(answer.body.text)).toContain('ringdrop_sessions{state="connected"}');
    expect(String(answer.body.text)).toContain('ringdrop_calls_ended_total');
  });
});
