import { readFile } from 'node:fs/promises';
import { childrenOf } from '../../test/support/postgres-processes.js';

/** `/proc` counts CPU time in ticks of this length on every Linux platform (USER_HZ). */
const MS_PER_TICK = 10;
const TRIES = 5;

interface CpuTicks {
  /** User and system, of the process. */
  readonly own: number;
  /** User and system, of its children that have ended. */
  readonly ended: number;
}

/** CPU time in milliseconds of a process, of its children, and of its children that have ended. Linux only. */
export async function familyCpuMs(parent: number): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const before = await ticksOf(parent);
    const children = await Promise.all((await childrenOf(parent)).map(ticksOf));
    const after = await ticksOf(parent);
    // A child that ended meanwhile would be counted twice or not at all.
    if (after.ended !== before.ended && tries < TRIES) continue;
    const living = children.reduce((sum, { own, ended }) => sum + own + ended, 0);
    return (after.own + after.ended + living) * MS_PER_TICK;
  }
}

/** Nothing for a process that has ended. */
async function ticksOf(pid: number): Promise<CpuTicks> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in brackets may contain anything; behind it follow the fields from the third on, `man 5 proc`.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15).map(Number);
  return { own: user + system, ended: endedUser + endedSystem };
}
