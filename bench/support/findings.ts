/** What a run found: figures for its last line, and what went wrong. */
export interface Findings {
  readonly figures: Readonly<Record<string, unknown>>;
  readonly violations: readonly string[];
}
