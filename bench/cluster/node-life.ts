/** Times are epoch milliseconds. */
export interface Span {
  readonly from: number;
  /** `undefined`: it goes on. */
  to?: number;
}

/** One process of a node, from its start to its end. */
export interface NodeLife {
  /** Node and number of the life, `n2-3`: the name under which servers know the process. */
  readonly tag: string;
  readonly startedAt: number;
  /** When it was told to end, or died. */
  doomedAt?: number;
  endedAt?: number;
  /** When it was stopped (SIGSTOP). */
  readonly freezes: Span[];
}

export function overlaps({ from, to = Infinity }: Span, other: Span): boolean {
  return from <= (other.to ?? Infinity) && to >= other.from;
}

/** How long the process was there and not stopped between the two times, milliseconds. */
export function awakeMs(
  { startedAt, endedAt = Infinity, freezes }: NodeLife,
  from: number,
  to: number,
): number {
  const begin = Math.max(from, startedAt);
  const end = Math.min(to, endedAt);
  const frozen = freezes.map((freeze) => Math.min(end, freeze.to ?? Infinity) - Math.max(begin, freeze.from));
  return Math.max(0, end - begin) - frozen.reduce((sum, ms) => sum + Math.max(0, ms), 0);
}
