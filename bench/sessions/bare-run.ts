import path from 'node:path';
import { sampleProcess, PROBE } from '../support/probed-process.js';
import { Remote } from '../support/remote.js';
import { settle, type BenchWorld } from './bench-world.js';
import type { BareHandlers } from './bare-main.js';
import type { SizePoint } from './growth.js';

const BARE_MAIN = path.resolve('dist-tools/bench/sessions/bare-main.js');

/** Sessions that are opened at a time. */
const AT_ONCE = 20;

export interface BareResult {
  readonly points: readonly SizePoint[];
  readonly idleCpuMicrosPerSessionSecond: number;
}

/** Opens the same number of sessions with nothing but the library. */
export async function runBare(world: BenchWorld): Promise<BareResult> {
  const { sizes, idleSeconds, say } = world;
  const socketPath = world.socketPath('bare');
  const bare = Remote.start<BareHandlers>(BARE_MAIN, { ...world.simulatorEnv, PROBE_SOCKET: socketPath }, [
    PROBE,
  ]);
  try {
    const points: SizePoint[] = [];
    let sessions = 0;
    for (const count of sizes) {
      const credentials = await world.newCredentials(count);
      const before = await sampleProcess(socketPath, 'cpu').catch(() => undefined);
      sessions = await bare.ask('open', { credentials, atOnce: AT_ONCE });
      const after = await sampleProcess(socketPath, 'cpu');
      await settle();
      const memory = await sampleProcess(socketPath, 'memory');
      points.push({ sessions, memory, connectCpuMs: before ? after.cpuMs - before.cpuMs : 0 });
      say(`bare Baileys: ${sessions} sessions, ${Math.round(memory.rss / 2 ** 20)} MB`);
    }
    return { points, idleCpuMicrosPerSessionSecond: await world.idleCost(socketPath, sessions, idleSeconds) };
  } finally {
    await bare.stop();
  }
}
