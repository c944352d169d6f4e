import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROBE, sampleProcess } from '../support/probed-process.js';
import type { Meter } from '../support/phase-cost.js';
import { Remote } from '../support/remote.js';
import type { SimulatorHandlers } from './simulator-main.js';

const SIMULATOR_MAIN = path.resolve('dist-tools/bench/sessions/simulator-main.js');
/** Accounts have this number and those after it, in the order in which their credentials are made. */
export const FIRST_ACCOUNT = 491_510_000_000;
/** Writes and closing handshakes of sessions that have just opened. */
const SETTLE_MS = 3_000;
const POLL_MS = 100;

export interface BenchSizes {
  /** Sessions that each step opens. */
  readonly sizes: readonly number[];
  readonly idleSeconds: number;
}

/** What both measured programs share: the simulator, its accounts, temporary files and the printer of progress. */
export class BenchWorld implements BenchSizes {
  readonly sizes: readonly number[];
  readonly idleSeconds: number;
  private nextAccount = FIRST_ACCOUNT;

  private constructor(
    readonly simulator: Remote<SimulatorHandlers>,
    readonly simulatorEnv: Readonly<Record<string, string>>,
    private readonly directory: string,
    sizes: BenchSizes,
  ) {
    this.sizes = sizes.sizes;
    this.idleSeconds = sizes.idleSeconds;
  }

  static async open(sizes: BenchSizes): Promise<BenchWorld> {
    const directory = await mkdtemp(path.join(tmpdir(), 'ringdrop-bench-'));
    const env = { PROBE_SOCKET: socketIn(directory, 'simulator') };
    const simulator = Remote.start<SimulatorHandlers>(SIMULATOR_MAIN, env, [PROBE]);
    const redirection = await simulator.ask('address', null);
    return new BenchWorld(simulator, redirection, directory, sizes);
  }

  async close(): Promise<void> {
    await this.simulator.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  readonly say = (line: string): void => void process.stdout.write(`${line}\n`);

  /** Of a Unix socket; one process listens under each name. */
  socketPath(name: string): string {
    return socketIn(this.directory, name);
  }

  readonly sampleSimulator: Meter = (kind) => sampleProcess(this.socketPath('simulator'), kind);

  newCredentials(count: number): Promise<string[]> {
    const first = this.nextAccount;
    this.nextAccount += count;
    return this.simulator.ask('prepare', { first, count });
  }

  /** Microseconds of CPU time for each session and second while nothing happens. */
  async idleCost(socketPath: string, sessions: number, seconds: number): Promise<number> {
    const before = await sampleProcess(socketPath, 'cpu');
    const startedMs = performance.now();
    await sleep(seconds * 1000);
    const after = await sampleProcess(socketPath, 'cpu');
    const sessionSeconds = (sessions * (performance.now() - startedMs)) / 1000;
    return ((after.cpuMs - before.cpuMs) * 1000) / sessionSeconds;
  }
}

function socketIn(directory: string, name: string): string {
  return path.join(directory, `${name}.sock`);
}

export function settle(): Promise<void> {
  return sleep(SETTLE_MS);
}

/** @param onProgress runs about once a second */
export async function until(
  condition: () => Promise<boolean>,
  what: string,
  timeoutMs: number,
  onProgress?: () => void,
): Promise<void> {
  const startedMs = performance.now();
  for (let saidMs = startedMs; !(await condition()); await sleep(POLL_MS)) {
    const nowMs = performance.now();
    if (nowMs - startedMs > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    if (nowMs - saidMs < 5_000) continue;
    onProgress?.();
    saidMs = nowMs;
  }
}
