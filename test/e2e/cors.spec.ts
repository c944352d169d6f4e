import { Stage, type Answer } from '../support/stage.js';

const ORIGIN = 'https://app.example.com';
const OTHERS = [
  'https://evil.example.com',
  'http://app.example.com',
  'https://app.example.com.evil.example',
  'https://app.example.com:8443',
  'null',
];
const ROUTE = '/api/call/fake/shop';

const accessHeaders = ({ headers }: Answer) =>
  [...headers.keys()].filter((name) => name === 'access-control-allow-origin');

describe('web pages of other origins', () => {
  let stage: Stage;

  afterEach(() => stage.close());

  const preflight = (origin: string) =>
    stage.request('OPTIONS', ROUTE, {
      token: '',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'content-type,idempotency-key,token',
      },
    });

  it('may not call the API unless the operator says so', async () => {
    stage = await Stage.open();
    for (const answer of [
      await preflight(ORIGIN),
      await stage.get('/api/instance/list', { headers: { Origin: ORIGIN } }),
    ]) {
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  it('may call every route from exactly the origins of CORS_ORIGINS', async () => {
    stage = await Stage.open({ CORS_ORIGINS: `https://first.example, ${ORIGIN}` });
    const asked = await preflight(ORIGIN);
    expect(asked.status).toBe(204);
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': 'GET,HEAD,POST,DELETE',
      'access-control-allow-headers': expect.stringMatching(/^token,.*Content-Type,Idempotency-Key/),
      vary: expect.stringMatching(/Origin/),
    });
    const headers = { Origin: ORIGIN };
    for (const [answer, status] of [
      [await stage.get('/api/instance/list', { headers }), 200],
      [await stage.get('/api/instance/list', { headers, token: 'unknown' }), 401],
      [await stage.post('/api/instance/new', '{', { headers }), 400],
      [await stage.get('/api/nowhere', { headers }), 404],
    ] as const) {
      expect(answer.status).toBe(status);
      expect(answer.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      expect(answer.headers.get('access-control-expose-headers')).toContain('X-Error-Code');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
    for (const origin of OTHERS) {
      expect(accessHeaders(await preflight(origin))).toEqual([]);
      const answer = await stage.get('/api/instance/list', { headers: { Origin: origin } });
      expect(accessHeaders(answer)).toEqual([]);
      expect(answer.headers.get('vary')).toMatch(/Origin/);
    }
    const plain = await stage.request('OPTIONS', ROUTE, { token: '' });
    expect([plain.status, plain.headers.get('allow')]).toEqual([204, 'GET, HEAD, POST, DELETE, OPTIONS']);
  });
});
