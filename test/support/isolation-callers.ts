import { randomBytes } from 'node:crypto';
import type { Answer, RequestOptions, Stage } from './stage.js';

/** Everybody who may knock at a route. */
export const CALLERS = [
  'no token',
  'a token in the address only',
  'an unknown token',
  'a disabled account',
  'an instance of a disabled account',
  'a deleted instance',
  'the administrator',
  'the metrics reader',
  'another account',
  'an instance of another account',
  'another instance of the account',
  'the instance itself',
  'the account',
] as const;
export type CallerName = (typeof CALLERS)[number];

type Credentials = Pick<RequestOptions, 'token' | 'headers'> & { readonly query?: string };

/** The strangers of all routes, and the owner, who makes an instance for each of them. */
export class IsolationCast {
  private constructor(
    private readonly stage: Stage,
    private readonly strangers: ReadonlyMap<CallerName, Credentials>,
    readonly foreignName: string,
  ) {}

  static async meet(stage: Stage, metricsToken: string): Promise<IsolationCast> {
    const asAdmin = { token: stage.adminToken };
    const account = async (name: string) =>
      tokenIn(await stage.post('/api/account/new', { name }, asAdmin), 'account');
    const instance = async (token: string, name: string) =>
      tokenIn(await stage.post('/api/instance/new', { name }, { token }), 'instance');
    const [disabled, other] = [await account('disabled'), await account('other')];
    const sleeping = await instance(disabled, 'sleeping');
    const foreign = await instance(other, 'foreign');
    const sibling = await instance(stage.token, 'sibling');
    const deleted = await instance(stage.token, 'deleted');
    await stage.delete('/api/instance/delete/deleted');
    await stage.post('/api/account/update/disabled', { enabled: false }, asAdmin);
    const strangers = new Map<CallerName, Credentials>([
      ['no token', { token: '' }],
      ['a token in the address only', { token: '', query: `token=${stage.token}` }],
      ['an unknown token', { token: `rda_${randomBytes(32).toString('base64url')}` }],
      ['a disabled account', { token: disabled }],
      ['an instance of a disabled account', { token: '', headers: { Authorization: `Bearer ${sleeping}` } }],
      ['a deleted instance', { token: deleted }],
      ['the administrator', asAdmin],
      ['the metrics reader', { token: metricsToken }],
      ['another account', { token: other }],
      ['an instance of another account', { token: foreign }],
      ['another instance of the account', { token: sibling }],
      ['the account', { token: stage.token }],
    ]);
    return new IsolationCast(stage, strangers, 'foreign');
  }

  /** Sends a request of this caller. `ownToken` is that of the instance in the path. */
  send(
    caller: CallerName,
    method: string,
    path: string,
    body: unknown,
    ownToken: string | undefined,
  ): Promise<Answer> {
    const { query, ...credentials } = this.strangers.get(caller) ?? { token: ownToken ?? '' };
    const route = query === undefined ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`;
    return this.stage.request(method, route, { ...credentials, body });
  }
}

function tokenIn({ body }: Answer, field: string): string {
  const made = body[field];
  if (typeof made === 'object' && made !== null && 'token' in made) return String(made.token);
  throw new Error(`no ${field} was made: ${JSON.stringify(body)}`);
}
