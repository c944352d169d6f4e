import { failure, failureOf } from '../support/failure.js';
import { Stage, type Answer } from '../support/stage.js';

const INVALID_TOKEN = failure(401, 'invalid_token', 'Invalid token');
const NOT_FOUND = failure(404, 'account_not_found', 'Account not found');
const NAME_REQUIRED = failure(400, 'account_name_required', 'Account name is required');

describe('accounts', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.open();
  });

  afterAll(() => stage.close());

  const asAdmin = () => ({ token: stage.adminToken });
  const post = (route: string, body?: unknown) => stage.post(`/api/account/${route}`, body, asAdmin());
  const accountOf = ({ body }: Answer) => body.account as Record<string, unknown>;
  const create = async (name: string, fields: object = {}) =>
    accountOf(await post('new', { name, ...fields }));
  const list = (token: unknown) => stage.get('/api/instance/list', { token: String(token) });

  it('are made with a token that works at once and is not told again', async () => {
    const answer = await post('new', { name: 'acme', instanceLimit: 2 });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      success: true,
      message: 'Account created',
      account: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: 'acme',
        instanceLimit: 2,
        rateLimitPerMinute: null,
        enabled: true,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        updatedAt: expect.any(String),
        token: expect.stringMatching(/^rda_[A-Za-z0-9_-]{43}$/),
      },
    });
    expect((await list(accountOf(answer).token)).status).toBe(200);
    const all = await stage.get('/api/account/list', asAdmin());
    expect(all.body).toMatchObject({ message: '2 Accounts found', meta: { total: 2 } });
    expect((all.body.accounts as { name: string }[]).map(({ name }) => name)).toEqual(['acme', 'default']);
    expect(JSON.stringify(all.body)).not.toContain('rda_');
  });

  it.each<[string, unknown, ReturnType<typeof failure>]>([
    ['no body', undefined, NAME_REQUIRED],
    ['a blank name', { name: ' ' }, NAME_REQUIRED],
    ['no name', { name: null }, NAME_REQUIRED],
    [
      'a number as name',
      { name: 5 },
      failure(400, 'invalid_body', 'Invalid request body: name must be a string'),
    ],
    [
      'a limit in quotes',
      { name: 'x', instanceLimit: '2' },
      failure(400, 'invalid_body', 'Invalid request body: instanceLimit must be an integer number'),
    ],
    ...[
      [0, 'less than 1'],
      [10_000_001, 'greater than 10000000'],
    ].map(([rateLimitPerMinute, what]): [string, unknown, ReturnType<typeof failure>] => [
      `a rate limit of ${rateLimitPerMinute}`,
      { name: 'x', rateLimitPerMinute },
      failure(400, 'invalid_body', `Invalid request body: rateLimitPerMinute must not be ${what}`),
    ]),
    [
      'a name that exists',
      { name: 'default' },
      failure(409, 'account_name_taken', 'Account name already exists'),
    ],
  ])('are not made from %s', async (_, body, expected) => {
    expect(failureOf(await post('new', body))).toEqual(expected);
  });

  it.each(['a b', 'ä', 'x'.repeat(101), '7b0c1a52-3c1e-4a7e-9f57-0d1d4f1d9a11'])(
    'are not named %s',
    async (name) => {
      expect(failureOf(await post('new', { name }))).toMatchObject({ status: 400, code: 'invalid_body' });
    },
  );

  it('of one name are made once, however many try at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => post('new', { name: 'race' })));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      201,
      ...Array.from({ length: 7 }, () => 409),
    ]);
  });

  it('get a new token, and the old one is refused at once', async () => {
    const { id, token } = await create('rotating');
    expect((await list(token)).status).toBe(200);
    const rotated = await post(`rotateToken/${String(id)}`);
    expect(rotated).toMatchObject({ status: 200, body: { message: 'Account token rotated' } });
    expect(failureOf(await list(token))).toEqual(INVALID_TOKEN);
    expect((await list(accountOf(rotated).token)).status).toBe(200);
  });

  it('have tokens that are refused while they are disabled, those of instances too', async () => {
    const { token } = await create('sleeping');
    const made = await stage.post('/api/instance/new', { name: 'shop' }, { token: String(token) });
    const instanceToken = (made.body.instance as { token: string }).token;
    expect((await list(instanceToken)).status).toBe(200);
    const disabled = await post('update/sleeping', { enabled: false, instanceLimit: 7 });
    expect(disabled).toMatchObject({ status: 200, body: { message: 'Account updated' } });
    expect(accountOf(disabled)).toMatchObject({ enabled: false, instanceLimit: 7 });
    expect(failureOf(await list(token))).toEqual(INVALID_TOKEN);
    expect(failureOf(await list(instanceToken))).toEqual(INVALID_TOKEN);
    expect(accountOf(await post('update/sleeping', { enabled: true }))).toMatchObject({ instanceLimit: 7 });
    expect((await list(instanceToken)).status).toBe(200);
  });

  it('are deleted with all that they had', async () => {
    const { token } = await create('leaving');
    await stage.post('/api/instance/new', { name: 'shop' }, { token: String(token) });
    const answer = await stage.delete('/api/account/delete/leaving', asAdmin());
    expect(answer).toMatchObject({
      status: 200,
      body: { success: true, message: 'Account deleted', account: { status: 'deleted' } },
    });
    expect(failureOf(await list(token))).toEqual(INVALID_TOKEN);
    expect(failureOf(await stage.delete('/api/account/delete/leaving', asAdmin()))).toEqual(NOT_FOUND);
  });

  it.each(['nobody', '%00', '%20', '7b0c1a52-3c1e-4a7e-9f57-0d1d4f1d9a11'])(
    'named %s are not found',
    async (name) => {
      expect(failureOf(await post(`rotateToken/${name}`))).toEqual(NOT_FOUND);
      expect(failureOf(await post(`update/${name}`, { enabled: true }))).toEqual(NOT_FOUND);
    },
  );

  it('do not see the instances of each other', async () => {
    const [first, second] = [await create('first'), await create('second')];
    await stage.post('/api/instance/new', { name: 'mine' }, { token: String(first.token) });
    const foreign = await stage.get('/api/instance/getSettings/mine', { token: String(second.token) });
    expect(failureOf(foreign)).toEqual(failure(404, 'instance_not_found', 'Instance not found'));
    const own = await stage.post('/api/instance/new', { name: 'mine' }, { token: String(second.token) });
    expect(own.status).toBe(201);
  });

  it('are the administrator’s alone', async () => {
    expect(failureOf(await stage.get('/api/account/list'))).toEqual(INVALID_TOKEN);
    expect(failureOf(await stage.get('/api/account/list', { token: '' }))).toEqual(
      failure(401, 'missing_token', 'Missing token in header'),
    );
    expect(failureOf(await list(stage.adminToken))).toEqual(INVALID_TOKEN);
  });
});
