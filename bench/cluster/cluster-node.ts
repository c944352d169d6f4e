import { mkdir, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import path from 'node:path';
import { spawnProduct, type SpawnedProduct } from '../../test/support/spawn-product.js';
import type { NodeLife } from './node-life.js';

const PRELOAD = path.resolve('test/support/redirect-whatsapp.mjs');
const BETWEEN_STARTS_MS = 500;
const WATCH_EVERY_MS = 250;
const STOP_LIMIT_MS = 45_000;

interface Running {
  readonly life: NodeLife;
  readonly product: SpawnedProduct;
}

/** A node of the cluster: a process that is started again whenever it has ended, as a supervisor does. */
export class ClusterNode {
  readonly lives: NodeLife[] = [];
  readonly violations: string[] = [];
  private readonly logs: string[] = [];
  private running: Running | undefined;

  constructor(
    readonly name: string,
    private readonly envOf: (tag: string) => Record<string, string>,
    private readonly signal: AbortSignal,
  ) {}

  /** Of the process that listens; `undefined`: there is none. */
  get url(): string | undefined {
    return this.running?.product.url;
  }

  /** The token that the first start on an empty database prints. */
  get accountToken(): string {
    return this.running?.product.accountToken ?? '';
  }

  get tag(): string {
    return this.lives.at(-1)?.tag ?? this.name;
  }

  get log(): string {
    return [...this.logs, this.outputOf(this.running)].join('');
  }

  /** Resolves when it listens; tries again for as long as it does not start, as without a database. */
  async start(): Promise<void> {
    while (!this.signal.aborted) {
      const tag = `${this.name}-${this.lives.length + 1}`;
      const life: NodeLife = { tag, startedAt: Date.now(), freezes: [] };
      this.lives.push(life);
      try {
        const product = await spawnProduct({ env: this.envOf(tag), imports: [PRELOAD], signal: this.signal });
        this.running = { life, product };
        void this.watch(this.running);
        return;
      } catch (error) {
        life.doomedAt = life.endedAt = Date.now();
        this.logs.push(`${tag} did not start: ${String(error)}\n`);
        await sleep(BETWEEN_STARTS_MS);
      }
    }
  }

  /** SIGKILL. Resolves when the process has ended. */
  async kill(): Promise<void> {
    await this.end(async ({ product }) => product.kill());
  }

  /** SIGTERM. Resolves with the exit code when the process has ended. */
  async terminate(): Promise<number | null> {
    let code: number | null = null;
    await this.end(async ({ product, life }) => {
      const killing = setTimeout(() => {
        this.violations.push(`${life.tag} had not ended ${STOP_LIMIT_MS / 1000} s after SIGTERM`);
        process.kill(product.pid, 'SIGKILL');
      }, STOP_LIMIT_MS);
      code = await product.stop();
      clearTimeout(killing);
    });
    return code;
  }

  /** SIGSTOP: its sockets stay open, and nobody answers. */
  freeze(): void {
    if (!this.running) return;
    this.running.life.freezes.push({ from: Date.now() });
    process.kill(this.running.product.pid, 'SIGSTOP');
  }

  thaw(): void {
    const freeze = this.running?.life.freezes.at(-1);
    if (!this.running || !freeze || freeze.to !== undefined) return;
    freeze.to = Date.now();
    process.kill(this.running.product.pid, 'SIGCONT');
  }

  private async end(how: (running: Running) => Promise<void>): Promise<void> {
    const { running } = this;
    if (!running) return;
    running.life.doomedAt = Date.now();
    await how(running);
    running.life.endedAt = Date.now();
    this.logs.push(this.outputOf(running));
    if (this.running === running) this.running = undefined;
  }

  /** A process that ends although nobody told it to is a fault. */
  private async watch(running: Running): Promise<void> {
    while (running.life.doomedAt === undefined && !this.signal.aborted) {
      if (!exists(running.product.pid)) {
        this.violations.push(`${running.life.tag} ended by itself`);
        await this.end(({ product }) => product.kill());
        await this.start();
        return;
      }
      await sleep(WATCH_EVERY_MS);
    }
  }

  private outputOf(running: Running | undefined): string {
    if (!running) return '';
    const { life, product } = running;
    return `--- ${life.tag}\n${product.stdout()}${product.stderr()}`;
  }
}

function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** `CHAOS_LOGS` names a directory for the logs of the nodes. */
export async function keepLogs(nodes: readonly ClusterNode[]): Promise<void> {
  const directory = process.env.CHAOS_LOGS;
  if (!directory) return;
  await mkdir(directory, { recursive: true });
  for (const node of nodes) await writeFile(path.join(directory, `${node.name}.log`), node.log);
}
