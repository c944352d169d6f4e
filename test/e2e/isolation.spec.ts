import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { failure, failureOf, type Failure } from '../support/failure.js';
import { CALLERS, IsolationCast, type CallerName } from '../support/isolation-callers.js';
import {
  ISOLATION_ROWS,
  UNDOCUMENTED_CONTROLLERS,
  type Audience,
  type IsolationRow,
} from '../support/isolation-rows.js';
import { Stage, type Answer } from '../support/stage.js';

const METRICS_TOKEN = randomBytes(24).toString('hex');
const MISSING = failure(401, 'missing_token', 'Missing token in header');
const INVALID = failure(401, 'invalid_token', 'Invalid token');
const MISMATCH = failure(403, 'instance_mismatch', 'Instance token does not match instance');

type Verdict = 'missing' | 'invalid' | 'mismatch' | 'not found' | 'allowed';

/** Callers without a token that opens anything are refused by all closed routes. */
const STRANGERS: Partial<Record<CallerName, Verdict>> = {
  'no token': 'missing',
  'a token in the address only': 'missing',
  'an unknown token': 'invalid',
  'a disabled account': 'invalid',
  'an instance of a disabled account': 'invalid',
  'a deleted instance': 'invalid',
  'the administrator': 'invalid',
  'the metrics reader': 'invalid',
};
const EVERYBODY: Verdict = 'invalid';

const VERDICTS: Record<Audience, { readonly others: Verdict } & Partial<Record<CallerName, Verdict>>> = {
  admin: { others: EVERYBODY, ...STRANGERS, 'the administrator': 'allowed' },
  account: { others: EVERYBODY, ...STRANGERS, 'another account': 'not found', 'the account': 'allowed' },
  'account-wide': { others: EVERYBODY, ...STRANGERS, 'another account': 'allowed', 'the account': 'allowed' },
  tenant: {
    others: 'mismatch',
    ...STRANGERS,
    'another account': 'not found',
    'the instance itself': 'allowed',
    'the account': 'allowed',
  },
  'tenant-wide': { others: 'allowed', ...STRANGERS },
  metrics: { others: EVERYBODY, ...STRANGERS, 'the metrics reader': 'allowed' },
  public: { others: 'allowed' },
};

const isOnInstance = (route: string) => route.includes('{instance}');
const methodOf = (route: string) => route.split(' ')[0] ?? '';
const rows = Object.entries(ISOLATION_ROWS);

describe('the isolation of tenants', () => {
  let stage: Stage;
  let cast: IsolationCast;
  let count = 0;

  beforeAll(async () => {
    stage = await Stage.open({ METRICS_TOKEN });
    cast = await IsolationCast.meet(stage, METRICS_TOKEN);
  });

  afterAll(() => stage.close());

  const addressOf = (route: string, { query = '' }: IsolationRow, instance: string) =>
    route.replace(/^\S+ /, '').replace('{instance}', instance).replace('{account}', 'nobody') + query;

  /** What a refusal looks like, whole; an allowed request is judged by its status. */
  const refusalOf = (verdict: Verdict, { notFoundMessage = 'Instance not found' }: IsolationRow) => {
    const refusals: Partial<Record<Verdict, Failure>> = {
      missing: MISSING,
      invalid: INVALID,
      mismatch: MISMATCH,
      'not found': failure(404, 'instance_not_found', notFoundMessage),
    };
    return refusals[verdict];
  };

  const newInstance = async () => {
    const name = `own-${(count += 1)}`;
    return { name, ...(await stage.newInstance(name)) };
  };

  it('is told for every route of the documentation', async () => {
    const { body } = await stage.get('/docs/openapi.json');
    const routes = Object.entries(body.paths as Record<string, object>).flatMap(([address, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${address}`),
    );
    expect(Object.keys(ISOLATION_ROWS).sort()).toEqual(routes.sort());
  });

  it('leaves only pages for browsers out of the documentation', async () => {
    const files = await readdir('src', { recursive: true });
    const hidden: string[] = [];
    for (const file of files.filter((one) => one.endsWith('.ts')).sort()) {
      if ((await readFile(path.join('src', file), 'utf8')).includes('@ApiExclude')) hidden.push(file);
    }
    expect(hidden).toEqual([...UNDOCUMENTED_CONTROLLERS].sort());
  });

  it.each(rows)('%s answers each caller as it should', async (route, row) => {
    const instance = isOnInstance(route) ? await newInstance() : undefined;
    const address = addressOf(route, row, instance?.name ?? '');
    const verdicts = VERDICTS[row.audience];
    for (const caller of CALLERS) {
      if (caller === 'the instance itself' && !instance) continue;
      const verdict = verdicts[caller] ?? verdicts.others;
      const answer = await cast.send(caller, methodOf(route), address, row.body, instance?.token);
      const refusal = refusalOf(verdict, row);
      if (refusal) expect({ caller, ...failureOf(answer) }).toEqual({ caller, ...refusal });
      else expect({ caller, status: answer.status }).toEqual({ caller, status: row.status });
      expect(answer.headers.get('x-request-id')).toBeTruthy();
    }
  });

  it.each(rows.filter(([route]) => isOnInstance(route)))(
    '%s tells a foreign instance from a missing one to nobody',
    async (route, row) => {
      for (const caller of ['the account', 'another instance of the account'] as const) {
        const [foreign, missing] = await Promise.all(
          [cast.foreignName, 'missing'].map((name) =>
            cast.send(caller, methodOf(route), addressOf(route, row, name), row.body, undefined),
          ),
        );
        expect(told(foreign)).toEqual(told(missing));
        expect(foreign?.status).toBeGreaterThanOrEqual(400);
      }
    },
  );

  it('lists to nobody what belongs to another', async () => {
    const named = await stage.get('/api/instance/list?instanceName=foreign');
    expect(told(named)).toEqual(told(await stage.get('/api/instance/list?instanceName=missing')));
    expect(named.status).toBe(404);
    const { body } = await stage.get('/api/instance/list?instanceName=foreign,sibling');
    expect((body.instances as { name: string }[]).map(({ name }) => name)).toEqual(['sibling']);
    const sibling = await cast.send(
      'another instance of the account',
      'GET',
      '/api/instance/list?instanceName=own-1',
      undefined,
      undefined,
    );
    expect((sibling.body.instances as { name: string }[]).map(({ name }) => name)).toEqual(['sibling']);
  });

  it.each(rows.filter(([, { audience }]) => audience !== 'public' && audience !== 'metrics'))(
    '%s stays closed however its address is spelt',
    async (route, row) => {
      const address = addressOf(route, row, 'sibling').split('?')[0] ?? '';
      const spellings = [
        `${address}/`,
        address.toUpperCase(),
        address.replace('/', '//'),
        `/.${address}`,
        `${address}%2f`,
      ];
      for (const spelling of spellings) {
        const { status } = await stage.request(methodOf(route), spelling, { token: '', body: row.body });
        expect([spelling, [401, 404].includes(status)]).toEqual([spelling, true]);
      }
      if (methodOf(route) !== 'GET') return;
      expect((await stage.request('HEAD', address, { token: '' })).status).toBe(401);
    },
  );
});

/** All that a client sees, without what differs between any two answers. */
function told(answer: Answer | undefined) {
  if (!answer) throw new Error('there is no answer');
  const { status, body, headers } = answer;
  const changing = ['date', 'x-request-id', 'x-ratelimit-remaining', 'x-ratelimit-reset'];
  return { status, body, headers: [...headers].filter(([name]) => !changing.includes(name)) };
}
