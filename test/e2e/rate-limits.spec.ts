import { failure, failureOf } from '../support/failure.js';
import { Stage, type Answer, type RequestOptions } from '../support/stage.js';

/** The wait depends on when the minute began. */
const { status, code, body } = failure(429, 'rate_limited', 'Rate limit exceeded. Try again later.');
const EXCEEDED = { status, code, body };

/** 6 requests a minute for a token, 3 of them to make instances, 4 for an address. */
describe('rate limits', () => {
  let stage: Stage;
  let tenants = 0;

  beforeAll(async () => {
    stage = await Stage.open({
      RATE_LIMIT_PER_TOKEN: '6',
      RATE_LIMIT_INSTANCE_NEW: '3',
      RATE_LIMIT_PER_ADDRESS: '4',
      TRUSTED_PROXIES: '1',
    });
  });

  /** Each test has a token that nothing was counted for. */
  beforeEach(async () => {
    const name = `tenant-${(tenants += 1)}`;
    const { body } = await stage.post('/api/account/new', { name }, { token: stage.adminToken });
    stage.token = (body.account as { token: string }).token;
  });

  afterAll(() => stage.close());

  const limitOf = ({ headers }: Answer) =>
    ['limit', 'remaining'].map((name) => headers.get(`x-ratelimit-${name}`));
  const from = (address: string): RequestOptions => ({ token: '', headers: { 'X-Forwarded-For': address } });

  it('count a token over all routes, and tell when to come back', async () => {
    for (const left of ['5', '4', '3', '2']) {
      expect(limitOf(await stage.get('/api/instance/list'))).toEqual(['6', left]);
    }
    expect(limitOf(await stage.post('/api/call/fake'))).toEqual(['6', '1']);
    expect(limitOf(await stage.get('/api/call/list/none'))).toEqual(['6', '0']);
    const refused = await stage.get('/api/instance/list');
    expect(failureOf(refused)).toMatchObject(EXCEEDED);
    expect(limitOf(refused)).toEqual(['6', '0']);
    const waitSeconds = Number(refused.headers.get('retry-after'));
    expect(waitSeconds).toBeGreaterThan(0);
    expect(waitSeconds).toBeLessThanOrEqual(60);
    const resetInSeconds = Number(refused.headers.get('x-ratelimit-reset')) - Date.now() / 1000;
    expect(Math.abs(resetInSeconds - waitSeconds)).toBeLessThan(3);
    for (const open of ['/health', '/metrics', '/docs']) {
      const answer = await stage.get(open);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-ratelimit-limit')).toBeNull();
    }
  });

  it('refuse many requests at once at a pace, and nobody else waits for that', async () => {
    const startedMs = performance.now();
    const answers: Answer[] = [];
    const flood = Array.from({ length: 150 }, async () =>
      answers.push(await stage.get('/api/instance/list')),
    );
    while (answers.length < 10) await new Promise((resolve) => setTimeout(resolve, 1));
    const other = await stage.get('/api/account/list', { token: stage.adminToken });
    expect(other.status).toBe(200);
    expect(answers.length).toBeLessThan(150);
    await Promise.all(flood);
    // 50 at once, then one each 10 ms.
    expect(performance.now() - startedMs).toBeGreaterThan(900);
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(144);
  });

  it('are smaller for making instances', async () => {
    for (const left of ['2', '1', '0']) {
      expect(limitOf(await stage.post('/api/instance/new', {}))).toEqual(['3', left]);
    }
    const refused = await stage.post('/api/instance/new', { name: 'shop' });
    expect(failureOf(refused)).toMatchObject(EXCEEDED);
    expect(limitOf(refused)).toEqual(['3', '0']);
    expect((await stage.get('/api/instance/list')).status).toBe(200);
  });

  it('count strangers by their address, IPv6 by its network', async () => {
    for (const last of ['1', '2', '3', '4']) {
      expect((await stage.get('/api/instance/list', from(`2001:db8:1:2::${last}`))).status).toBe(401);
    }
    expect(failureOf(await stage.get('/api/instance/list', from('2001:db8:1:2:3::5')))).toMatchObject(
      EXCEEDED,
    );
    expect((await stage.get('/api/instance/list', from('2001:db8:1:3::1'))).status).toBe(401);
    expect((await stage.get('/api/instance/list', { headers: from('2001:db8:1:2::1').headers })).status).toBe(
      200,
    );
  });

  it('believe only the address that the trusted proxy saw', async () => {
    for (const invented of ['1', '2', '3', '4']) {
      await stage.get('/api/instance/list', from(`203.0.113.${invented}, 198.51.100.9`));
    }
    expect(failureOf(await stage.get('/api/instance/list', from('203.0.113.5, 198.51.100.9')))).toMatchObject(
      EXCEEDED,
    );
  });
});

/** 6 requests a minute for a token, 9 for an account. */
describe('the budget of an account', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open({ RATE_LIMIT_PER_TOKEN: '6', RATE_LIMIT_PER_ACCOUNT: '9' });
  });

  afterAll(() => stage.close());

  const asAdmin = () => ({ token: stage.adminToken });
  /** An account with two instances; two requests of its token are counted. */
  async function newTenant(name: string, fields: Record<string, unknown> = {}) {
    const { body } = await stage.post('/api/account/new', { name, ...fields }, asAdmin());
    const account = body.account as { token: string; rateLimitPerMinute: number | null };
    stage.token = account.token;
    const first = await stage.newInstance(`${name}-1`);
    const second = await stage.newInstance(`${name}-2`);
    return { account, tokens: [account.token, first.token, second.token] as const };
  }
  const list = (token: string) => stage.get('/api/instance/list', { token });
  const statuses = async (token: string, times: number) => {
    const seen: number[] = [];
    for (let count = 0; count < times; count += 1) seen.push((await list(token)).status);
    return seen;
  };
  const OK = 200;

  it('is shared by all its tokens, however many it makes, and by nobody else', async () => {
    const { tokens } = await newTenant('many');
    expect(await statuses(tokens[1], 5)).toEqual([OK, OK, OK, OK, OK]);
    expect(await statuses(tokens[2], 3)).toEqual([OK, OK, 429]);
    const refused = await list(tokens[0]);
    expect(failureOf(refused)).toMatchObject(EXCEEDED);
    expect(refused.headers.get('x-ratelimit-limit')).toBe('9');
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    const resetInSeconds = Number(refused.headers.get('x-ratelimit-reset')) - Date.now() / 1000;
    expect(Math.abs(resetInSeconds - Number(refused.headers.get('retry-after')))).toBeLessThan(3);
    const other = await newTenant('other');
    expect((await list(other.tokens[1])).status).toBe(OK);
  });

  it('is what an administrator sets for one account, and the default again with `null`', async () => {
    const { account, tokens } = await newTenant('large', { rateLimitPerMinute: 12 });
    expect(account.rateLimitPerMinute).toBe(12);
    expect(await statuses(tokens[1], 6)).not.toContain(429);
    expect(await statuses(tokens[2], 4)).not.toContain(429);
    expect((await list(tokens[0])).headers.get('x-ratelimit-limit')).toBe('12');
    const changed = await stage.post('/api/account/update/large', { rateLimitPerMinute: 14 }, asAdmin());
    expect(changed.body.account).toMatchObject({ rateLimitPerMinute: 14 });
    expect((await list(tokens[0])).status).toBe(OK);
    const reset = await stage.post('/api/account/update/large', { rateLimitPerMinute: null }, asAdmin());
    expect(reset.body.account).toMatchObject({ rateLimitPerMinute: null });
    expect((await list(tokens[2])).headers.get('x-ratelimit-limit')).toBe('9');
  });
});
