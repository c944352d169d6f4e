import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';
import { ManualClock } from '../../support/manual-clock.js';
import { ACCOUNT_TOKEN, ADMIN_TOKEN, guardedApp, INSTANCE_TOKEN } from './guarded-app.js';

describe('who may do what', () => {
  let app: NestExpressApplication;
  const clock = new ManualClock();

  beforeAll(async () => {
    app = await guardedApp(clock);
  });

  beforeEach(() => clock.advance(60_000));

  afterAll(() => app.close());

  const send = (method: 'get' | 'post' | 'delete', path: string, token?: string, body: string = '{}') => {
    const sent = request(app.getHttpServer())[method](path).set('Content-Type', 'application/json');
    const withToken = token === undefined ? sent : sent.set('token', token);
    return method === 'get' ? withToken : withToken.send(body);
  };
  const message = (text: string) => ({ success: false, error: { message: text } });

  it('asks for a token on every route that is not public', async () => {
    const answer = await send('post', '/fake/shop');
    expect(answer.status).toBe(401);
    expect(answer.headers['x-error-code']).toBe('missing_token');
    expect(answer.body).toEqual(message('Missing token in header'));
    expect((await send('get', '/open')).status).toBe(200);
  });

  it('refuses an unknown token', async () => {
    const answer = await send('post', '/fake/shop', 'rda_unknown');
    expect(answer.status).toBe(401);
    expect(answer.headers['x-error-code']).toBe('invalid_token');
    expect(answer.body).toEqual(message('Invalid token'));
  });

  it.each([
    ['an instance token where the account is needed', 'post', '/new', INSTANCE_TOKEN],
    [
      'an instance token of another instance where the account is needed',
      'delete',
      '/delete/other',
      INSTANCE_TOKEN,
    ],
    ['the admin token on a route of tenants', 'post', '/fake/shop', ADMIN_TOKEN],
    ['an account token on a route of the administrator', 'get', '/accounts', ACCOUNT_TOKEN],
  ] as const)('refuses %s like an unknown token', async (_, method, path, token) => {
    const answer = await send(method, path, token);
    expect(answer.status).toBe(401);
    expect(answer.body).toEqual(message('Invalid token'));
  });

  it('tells the route who is calling', async () => {
    const answer = await send('post', '/fake/shop', INSTANCE_TOKEN, '{"a":1}');
    expect(answer.body).toEqual({
      caller: { kind: 'instance', accountId: 'a1', instanceId: 'i1', instanceName: 'shop' },
      body: { a: 1 },
    });
    expect((await send('get', '/accounts', ADMIN_TOKEN)).status).toBe(200);
  });

  it('keeps an instance token away from other instances', async () => {
    const answer = await send('post', '/fake/Shop', INSTANCE_TOKEN);
    expect(answer.status).toBe(403);
    expect(answer.headers['x-error-code']).toBe('instance_mismatch');
    expect(answer.body).toEqual(message('Instance token does not match instance'));
  });

  it.each(['/fake', '/fake/', '/fake/%20'])(
    'says that the name is missing in %s, whatever the token',
    async (path) => {
      for (const token of [INSTANCE_TOKEN, ACCOUNT_TOKEN]) {
        const answer = await send('post', path, token);
        expect(answer.status).toBe(400);
        expect(answer.body).toEqual(message('Instance name is required'));
      }
    },
  );

  it('looks at the token first, then at ownership, then at the path and the body', async () => {
    expect((await send('post', '/fake/other', undefined, '{')).status).toBe(401);
    expect((await send('post', '/fake/other', INSTANCE_TOKEN, '{')).status).toBe(403);
    expect((await send('post', '/fake', INSTANCE_TOKEN, '{')).body).toEqual(
      message('Instance name is required'),
    );
    expect((await send('post', '/fake/shop', INSTANCE_TOKEN, '{')).body).toEqual(
      message('Invalid request body: it is not valid JSON'),
    );
  });
});
