/** Something after which this process can do nothing any more, however long it lives. */
export interface FatalFault {
  /** A few plain words, without names of hosts, users and files: anybody may ask for the health. */
  readonly reason: string;
  /** One sentence for whoever reads the terminal: what happened, and what to do. */
  readonly advice: string;
}

/**
 * Where any part of the process reports such a fault. Whoever started the process ends it then, so that its supervisor starts
 * another one. The first fault counts.
 */
export class FatalFaults {
  /** Resolves with the first fault. */
  readonly reported: Promise<FatalFault>;
  private found: FatalFault | undefined;
  private resolve: (fault: FatalFault) => void = () => undefined;

  constructor() {
    this.reported = new Promise((resolve) => (this.resolve = resolve));
  }

  /** `undefined`: this process is of use. */
  get first(): FatalFault | undefined {
    return this.found;
  }

  report(fault: FatalFault): void {
    this.found ??= fault;
    this.resolve(this.found);
  }
}
