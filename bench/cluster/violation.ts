/** What went wrong, and when: epoch milliseconds. */
export interface Violation {
  readonly at: number;
  readonly text: string;
}
