import { settle, type BenchWorld } from './bench-world.js';
import { costOfBareCalls, type BareCallCost } from './call-cost.js';
import { LOAD_RING_SECONDS, type CallPlan } from './call-plan.js';
import type { SizePoint } from './growth.js';
import { MeasuredBare } from './measured-bare.js';

export interface BareResult {
  readonly points: readonly SizePoint[];
  readonly idleCpuMicrosPerSessionSecond: number;
  readonly calls: BareCallCost;
}

/** Opens the same number of sessions with nothing but the library, and places the same calls. */
export async function runBare(world: BenchWorld, plan: CallPlan): Promise<BareResult> {
  const { sizes, idleSeconds, say } = world;
  const bare = MeasuredBare.start(world);
  try {
    const points: SizePoint[] = [];
    let sessions = 0;
    for (const count of sizes) {
      const credentials = await world.newCredentials(count);
      const before = await bare.sample('cpu').catch(() => undefined);
      sessions = await bare.open(credentials);
      const after = await bare.sample('cpu');
      await settle();
      const memory = await bare.sample('memory');
      points.push({ sessions, memory, connectCpuMs: before ? after.cpuMs - before.cpuMs : 0 });
      say(`bare Baileys: ${sessions} sessions, ${Math.round(memory.rss / 2 ** 20)} MB`);
    }
    say(`${idleSeconds} s of doing nothing with ${sessions} sessions`);
    const idleCpuMicrosPerSessionSecond = await world.idleCost(bare.probeSocket, sessions, idleSeconds);
    const { pairs, perSecond, seconds } = plan;
    say(`bare Baileys: first calls of ${pairs} pairs`);
    await bare.warmUp(pairs, plan.coldPerSecond);
    say(`bare Baileys: ${perSecond} calls a second for ${seconds} s`);
    const calls = await costOfBareCalls(world, bare, {
      pairs,
      count: perSecond * seconds,
      perSecond,
      ringSeconds: LOAD_RING_SECONDS,
    });
    return { points, idleCpuMicrosPerSessionSecond, calls };
  } finally {
    await bare.stop();
  }
}
