import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { BufferJSON, type AuthenticationCreds } from '@whiskeysockets/baileys';
import { spawnProduct, type SpawnedProduct } from '../../test/support/spawn-product.js';
import { MeasuredPostgres } from '../support/measured-postgres.js';
import { SessionSeeds } from '../support/session-seeds.js';
import { PROBE, sampleProcess, type ProcessSample, type SampleKind } from '../support/probed-process.js';
import type { BenchWorld } from './bench-world.js';

const REDIRECT = path.resolve('test/support/redirect-whatsapp.mjs');
const REQUESTS_AT_ONCE = 8;

export interface Tenant {
  readonly id: string;
  readonly token: string;
  /** Names of its instances. */
  readonly instances: readonly string[];
  /** Tokens of its instances, in the order of their names. */
  readonly instanceTokens: readonly string[];
}

/** The built product on a database of its own, with instances that are linked already. */
export class MeasuredProduct {
  private instanceCount = 0;

  private constructor(
    readonly postgres: MeasuredPostgres,
    private readonly env: Readonly<Record<string, string>>,
    private product: SpawnedProduct,
    private readonly socketPath: string,
    private readonly seeds: SessionSeeds,
  ) {}

  /** @param settings of the product that differ from those of the other benches, which lift all limits */
  static async start(
    world: BenchWorld,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<MeasuredProduct> {
    const postgres = await MeasuredPostgres.start();
    const key = randomBytes(32);
    const socketPath = world.socketPath('product');
    const env = {
      DATABASE_URL: postgres.url,
      ENCRYPTION_KEY: key.toString('hex'),
      ADMIN_TOKEN: randomBytes(24).toString('hex'),
      RATE_LIMIT_PER_TOKEN: '1000000',
      RATE_LIMIT_PER_ACCOUNT: '1000000',
      RATE_LIMIT_INSTANCE_NEW: '1000000',
      SESSION_OPENS_PER_SECOND: '0',
      LOG_LEVEL: 'warn',
      PROBE_SOCKET: socketPath,
      ...world.simulatorEnv,
      ...settings,
    };
    const product = await spawnProduct({ env, imports: [REDIRECT, PROBE] });
    const seeds = await SessionSeeds.open(postgres.url, key);
    return new MeasuredProduct(postgres, env, product, socketPath, seeds);
  }

  get url(): string {
    return this.product.url;
  }

  get probeSocket(): string {
    return this.socketPath;
  }

  /** What the product wrote to its log since it started. */
  get log(): string {
    return this.product.stdout() + this.product.stderr();
  }

  sample(kind: SampleKind): Promise<ProcessSample> {
    return sampleProcess(this.socketPath, kind);
  }

  /** Kills the process as a power cut would, and starts the next one. Resolves when that listens. */
  async killAndRestart(): Promise<void> {
    await this.product.kill();
    this.product = await spawnProduct({ env: this.env, imports: [REDIRECT, PROBE] });
  }

  async close(): Promise<void> {
    await this.product.stop();
    await this.seeds.close();
    await this.postgres.close();
  }

  async request(
    method: string,
    route: string,
    token: string,
    body?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(this.product.url + route, {
      method,
      headers: { token },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** A new tenant, disabled, with one linked instance for each set of credentials, named `i0`, `i1`, … over all tenants. */
  async seedTenant(credentials: readonly string[]): Promise<Tenant> {
    const admin = this.env.ADMIN_TOKEN ?? '';
    const made = await this.request('POST', '/api/account/new', admin, {
      name: `tenant-${this.instanceCount}`,
    });
    const { id, token } = made.body.account as { id: string; token: string };
    const instances: string[] = [];
    const instanceTokens: string[] = [];
    const waiting = credentials.values();
    const worker = async () => {
      for (const text of waiting) {
        const name = `i${this.instanceCount++}`;
        const { body } = await this.request('POST', '/api/instance/new', token, { name });
        const instance = body.instance as { id: string; token: string };
        instances.push(name);
        instanceTokens.push(instance.token);
        await this.seeds.save(instance.id, JSON.parse(text, BufferJSON.reviver) as AuthenticationCreds);
      }
    };
    // Disabled and enabled again, a tenant's sessions are all opened, as at a start of the product.
    await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, worker));
    await this.request('POST', `/api/account/update/${id}`, admin, { enabled: false });
    return { id, token, instances, instanceTokens };
  }

  /** Closes the sessions of a tenant, whose tokens are refused from now on. */
  async closeTenant({ id }: Pick<Tenant, 'id'>): Promise<void> {
    await this.request('POST', `/api/account/update/${id}`, this.env.ADMIN_TOKEN ?? '', { enabled: false });
  }

  async openTenant({ id }: Pick<Tenant, 'id'>): Promise<void> {
    await this.request('POST', `/api/account/update/${id}`, this.env.ADMIN_TOKEN ?? '', { enabled: true });
  }

  /** Instances that the product calls connected. */
  async connected(): Promise<number> {
    return Number(
      await this.postgres.value(`SELECT count(*)::integer FROM instances WHERE status = 'connected'`),
    );
  }
}
