import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';
import { Authenticator } from '../../../src/auth/authenticator.js';
import { ManualClock } from '../../support/manual-clock.js';
import {
  ACCOUNT_TOKEN,
  ADMIN_TOKEN,
  type FakeAuthenticator,
  guardedApp,
  INSTANCE_TOKEN,
  LIMITED_TOKEN,
  MAIL_TOKEN,
} from './guarded-app.js';

const EXCEEDED = { success: false, error: { message: 'Rate limit exceeded. Try again later.' } };

/** 5 requests a minute for a token, 2 to `/new`, 3 for an address. */
describe('rate limits', () => {
  let app: NestExpressApplication;
  let clock: ManualClock;

  beforeEach(async () => {
    clock = new ManualClock(new Date('2026-01-01T00:00:00.400Z'));
    app = await guardedApp(clock);
  });

  afterEach(() => app.close());

  const post = (path: string, token?: string, address = '198.51.100.7') => {
    const sent = request(app.getHttpServer()).post(path).set('X-Forwarded-For', address);
    return token === undefined ? sent : sent.set('token', token);
  };
  const limits = ({ headers }: { headers: Record<string, string> }) => [
    headers['x-ratelimit-limit'],
    headers['x-ratelimit-remaining'],
    headers['x-ratelimit-reset'],
  ];
  const RESET = String(Date.parse('2026-01-01T00:01:01.000Z') / 1000);

  it('tells on every answer how much is left and when the count starts anew', async () => {
    expect(limits(await post('/fake/shop', ACCOUNT_TOKEN))).toEqual(['5', '4', RESET]);
    await clock.advance(10_000);
    expect(limits(await post('/fake/shop', ACCOUNT_TOKEN))).toEqual(['5', '3', RESET]);
  });

  it('answers 429 with the time to wait once the budget of a token is used up over all routes', async () => {
    for (const path of ['/fake/shop', '/fake/shop', '/fake', '/new', '/fake/shop'])
      await post(path, ACCOUNT_TOKEN);
    await clock.advance(20_000);
    const answer = await post('/fake/shop', ACCOUNT_TOKEN);
    expect(answer.status).toBe(429);
    expect(answer.body).toEqual(EXCEEDED);
    expect(answer.headers['x-error-code']).toBe('rate_limited');
    expect(answer.headers['retry-after']).toBe('40');
    expect(limits(answer)).toEqual(['5', '0', RESET]);
    expect((await post('/fake/shop', INSTANCE_TOKEN)).status).not.toBe(429);
    await clock.advance(40_000);
    expect((await post('/fake/shop', ACCOUNT_TOKEN)).status).not.toBe(429);
  });

  it('has a smaller budget for making instances and shows the one that ends first', async () => {
    expect(limits(await post('/new', ACCOUNT_TOKEN)).slice(0, 2)).toEqual(['2', '1']);
    expect((await post('/new', ACCOUNT_TOKEN)).status).toBe(201);
    const third = await post('/new', ACCOUNT_TOKEN);
    expect(third.status).toBe(429);
    expect(limits(third).slice(0, 2)).toEqual(['2', '0']);
    const elsewhere = await post('/fake/shop', ACCOUNT_TOKEN);
    expect(limits(elsewhere).slice(0, 2)).toEqual(['5', '1']);
  });

  it('counts requests without a valid token for the address, until they get a 429 in place of the 401', async () => {
    expect(limits(await post('/fake/shop')).slice(0, 2)).toEqual(['3', '2']);
    expect((await post('/fake/shop', 'rda_unknown')).status).toBe(401);
    expect((await post('/new', INSTANCE_TOKEN)).status).toBe(401);
    const fourth = await post('/fake/shop', 'rda_other');
    expect(fourth.status).toBe(429);
    expect(fourth.body).toEqual(EXCEEDED);
    expect((await post('/fake/shop', undefined, '198.51.100.8')).status).toBe(401);
  });

  it('looks up no token of an address that sent too many wrong ones, not even the right one, until its minute ends', async () => {
    const authenticator = app.get<FakeAuthenticator>(Authenticator);
    const wrong = [
      ['/fake/shop', 'rda_1'],
      ['/new', INSTANCE_TOKEN],
      ['/fake/shop', 'rda_2'],
    ] as const;
    for (const [path, token] of wrong) expect((await post(path, token)).status).toBe(401);
    const { asked } = authenticator;
    await clock.advance(20_000);
    for (const token of [ACCOUNT_TOKEN, ADMIN_TOKEN, 'rda_3']) {
      const blocked = await post('/fake/shop', token);
      expect([blocked.status, blocked.body, blocked.headers['retry-after']]).toEqual([429, EXCEEDED, '40']);
      expect(limits(blocked)).toEqual(['3', '0', RESET]);
    }
    expect(authenticator.asked).toBe(asked);
    expect((await post('/fake/shop', ACCOUNT_TOKEN, '198.51.100.8')).status).toBe(201);
    await clock.advance(40_000);
    expect((await post('/fake/shop', ACCOUNT_TOKEN)).status).toBe(201);
  });

  it('blocks the whole /64 network of an IPv6 client, as it has all of it', async () => {
    for (const last of ['1', '2', '3']) await post('/fake/shop', 'rda_1', `2001:db8:1:2::${last}`);
    expect((await post('/fake/shop', ACCOUNT_TOKEN, '2001:db8:1:2:3::4')).status).toBe(429);
    expect((await post('/fake/shop', ACCOUNT_TOKEN, '2001:db8:1:3::1')).status).toBe(201);
  });

  it('lets a valid token through from an address that sent requests without a token: those are no guesses', async () => {
    for (let count = 0; count < 5; count += 1) await post('/fake/shop');
    expect((await post('/fake/shop')).status).toBe(429);
    expect((await post('/fake/shop', ACCOUNT_TOKEN)).status).toBe(201);
  });

  it('counts refusals for another instance, and says so before the limit', async () => {
    for (let count = 0; count < 6; count += 1) {
      const answer = await post('/fake/other', INSTANCE_TOKEN);
      expect(answer.status).toBe(403);
      expect(answer.headers['retry-after']).toBeUndefined();
    }
    expect((await post('/fake/shop', INSTANCE_TOKEN)).status).toBe(429);
  });

  it('does not limit public routes', async () => {
    const answer = await request(app.getHttpServer()).get('/open');
    expect(answer.headers['x-ratelimit-limit']).toBeUndefined();
  });
});

/** 5 requests a minute for a token, 7 for the account. */
describe('the budget of an account', () => {
  let app: NestExpressApplication;
  let clock: ManualClock;

  beforeEach(async () => {
    clock = new ManualClock();
    app = await guardedApp(clock, { RATE_LIMIT_PER_ACCOUNT: '7' });
  });

  afterEach(() => app.close());

  const fake = (token: string, instance = 'shop') =>
    request(app.getHttpServer()).post(`/fake/${instance}`).set('token', token);
  const send = async (token: string, times: number, instance = 'shop') => {
    for (let count = 0; count < times; count += 1) await fake(token, instance);
  };
  const leftOf = ({ headers }: { headers: Record<string, string> }) => [
    headers['x-ratelimit-limit'],
    headers['x-ratelimit-remaining'],
  ];

  it('is shared by all its tokens, and used up before theirs it is the one that the headers describe', async () => {
    await send(ACCOUNT_TOKEN, 4);
    expect(leftOf(await fake(INSTANCE_TOKEN))).toEqual(['7', '2']);
    await send(INSTANCE_TOKEN, 2);
    await clock.advance(20_000);
    const refused = await fake(MAIL_TOKEN, 'mail');
    expect(refused.status).toBe(429);
    expect(refused.body).toEqual(EXCEEDED);
    expect(refused.headers['retry-after']).toBe('40');
    expect(leftOf(refused)).toEqual(['7', '0']);
    await clock.advance(40_000);
    expect((await fake(MAIL_TOKEN, 'mail')).status).toBe(201);
  });

  it('is not touched by requests that the budget of their token has refused', async () => {
    await send(ACCOUNT_TOKEN, 50);
    expect((await fake(INSTANCE_TOKEN)).status).toBe(201);
    expect((await fake(MAIL_TOKEN, 'mail')).status).toBe(201);
  });

  it('is that of the account alone', async () => {
    await send(ACCOUNT_TOKEN, 5);
    await send(INSTANCE_TOKEN, 5);
    expect((await fake(LIMITED_TOKEN)).status).toBe(201);
    const admin = await request(app.getHttpServer()).get('/accounts').set('token', ADMIN_TOKEN);
    expect(leftOf(admin)).toEqual(['5', '4']);
  });

  it('is the one that an administrator has set for the account', async () => {
    await send(LIMITED_TOKEN, 3);
    const refused = await fake(LIMITED_TOKEN);
    expect(refused.status).toBe(429);
    expect(leftOf(refused)).toEqual(['3', '0']);
  });
});
