import type { SeededRandom } from '../support/seeded-random.js';

export type NodeFault =
  | { readonly kind: 'kill' | 'drain'; readonly node: number; readonly restartAfterMs: number }
  | { readonly kind: 'stop'; readonly node: number; readonly forMs: number };

export type Fault =
  NodeFault | { readonly kind: 'database-stop' | 'database-refusal' | 'broker'; readonly forMs: number };

export interface PlannedFault {
  readonly fault: Fault;
  /** Before the next one. */
  readonly pauseMs: number;
}

/** Dealt like cards, so that a short run has of everything as well. */
const DECK: readonly Fault['kind'][] = [
  'kill',
  'stop',
  'drain',
  'kill',
  'stop',
  'drain',
  'stop',
  'database-stop',
  'database-refusal',
  'broker',
];

/** The faults of a run: the same for the same seed, whatever happens meanwhile. */
export function planFaults(random: SeededRandom, steps: number, nodes: number): PlannedFault[] {
  const planned: PlannedFault[] = [];
  let deck: Fault['kind'][] = [];
  while (planned.length < steps) {
    if (deck.length === 0) deck = random.sample(DECK, DECK.length);
    const kind = deck.shift();
    if (kind) planned.push({ fault: faultOf(kind, random, nodes), pauseMs: random.integer(1000, 3000) });
  }
  return planned;
}

function faultOf(kind: Fault['kind'], random: SeededRandom, nodes: number): Fault {
  switch (kind) {
    case 'kill':
    case 'drain':
      return { kind, node: random.integer(0, nodes - 1), restartAfterMs: random.integer(0, 5000) };
    case 'stop': {
      // Half of them around the time after which a node is taken for dead.
      const forMs = random.chance(0.5) ? random.integer(1000, 8000) : random.integer(8000, 30_000);
      return { kind, node: random.integer(0, nodes - 1), forMs };
    }
    case 'database-stop':
    case 'database-refusal':
    case 'broker':
      return { kind, forMs: random.integer(1000, 8000) };
  }
}
