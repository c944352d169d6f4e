import { Stage } from '../support/stage.js';

describe('the methods of a path', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
  });

  afterAll(() => stage.close());

  it.each([
    ['PUT', '/api/instance/new', 'POST, OPTIONS'],
    ['GET', '/api/instance/new', 'POST, OPTIONS'],
    ['GET', '/api/call/fake/shop', 'POST, OPTIONS'],
    ['HEAD', '/api/call/fake/shop', 'POST, OPTIONS'],
    ['GET', '/API/call/fake/', 'POST, OPTIONS'],
    ['POST', '/api/instance/list', 'GET, HEAD, OPTIONS'],
    ['POST', '/api/instance/connect/shop', 'GET, OPTIONS'],
    ['HEAD', '/api/instance/logout/shop', 'DELETE, OPTIONS'],
    ['PATCH', '/api/account/new', 'POST, OPTIONS'],
    ['POST', '/health', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/health/live', 'GET, HEAD, OPTIONS'],
    ['POST', '/metrics', 'GET, HEAD, OPTIONS'],
    ['PUT', '/docs', 'GET, HEAD, OPTIONS'],
    ['POST', '/docs/openapi.json', 'GET, HEAD, OPTIONS'],
    ['POST', '/ws/shop', 'GET, HEAD, OPTIONS'],
    ['POST', '/console', 'GET, HEAD, OPTIONS'],
    ['POST', '/', 'GET, HEAD, OPTIONS'],
    ['GET', '/pair/x/start', 'POST, OPTIONS'],
  ])(
    'answers %s %s, a known path with another method, with 405 and Allow: %s',
    async (method, path, allow) => {
      const answer = await stage.request(method, path, { token: '' });
      expect(answer.headers.get('allow')).toBe(allow);
      expect(answer.headers.get('x-error-code')).toBe('method_not_allowed');
      expect(answer.status).toBe(405);
      if (method !== 'HEAD') {
        expect(answer.body).toEqual({
          success: false,
          error: { message: `Method not allowed. This path takes ${allow}` },
        });
      }
    },
  );

  it('refuses a method that a documented path does not have, and no other', async () => {
    const { body } = await stage.get('/docs/openapi.json');
    for (const [path, item] of Object.entries(body.paths as Record<string, object>)) {
      const route = path.replaceAll(/\{\w+\}/g, 'nobody');
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        const { status } = await stage.request(method, route, { token: '' });
        expect({ method, path, isRefused: status === 405 }).toEqual({
          method,
          path,
          isRefused: !(method.toLowerCase() in item),
        });
      }
    }
  });

  it('answers HEAD like GET without a body, and never begins to link because of one', async () => {
    await stage.newInstance('headless');
    const reading = await stage.request('HEAD', '/api/instance/list');
    expect([reading.status, reading.body]).toEqual([200, { text: '' }]);
    expect((await stage.request('HEAD', '/api/instance/list?instanceName=none')).status).toBe(404);
    for (const path of [
      '/api/instance/connect/headless',
      '/api/instance/connect/headless?number=5511988880999',
    ]) {
      const answer = await stage.request('HEAD', path);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
    }
    expect((await stage.request('HEAD', '/api/instance/qr/headless')).status).toBe(409);
    expect((await stage.instance('headless')).status).toBe('disconnected');
    expect(stage.simulator.connectionRecords).toEqual([]);
  });
});
