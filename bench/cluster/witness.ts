import type { WhatsAppSimulator } from '../../test/simulator/index.js';
import type { Session } from './session-record.js';

/** Time between two looks at the clock. */
const TICK_MS = 10;

interface Arrival {
  readonly at: number;
  /** It may have waited since then, when this process was kept from reading. */
  readonly notBefore: number;
  readonly tag: string;
}

/** Writes down what clients sent on which connection, and whether a QR code was asked for. */
export class Witness {
  private readonly arrivals = new Map<number, Arrival[]>();
  pairings = 0;
  /** The longest time for which this process could not look. */
  lagMaxMs = 0;
  private tickAt = Date.now();

  constructor(simulator: WhatsAppSimulator) {
    setInterval(() => this.tick(), TICK_MS).unref();
    simulator.on('stanza', ({ at, direction, connection, node }) => {
      const [child] = Array.isArray(node.content) ? node.content : [];
      if (direction === 'out') {
        if (child?.tag === 'pair-device') this.pairings += 1;
        return;
      }
      const known = this.arrivals.get(connection);
      const arrival = { at, notBefore: this.tickAt, tag: child ? `${node.tag}> <${child.tag}` : node.tag };
      if (known) known.push(arrival);
      else this.arrivals.set(connection, [arrival]);
    });
  }

  private tick(): void {
    const now = Date.now();
    this.lagMaxMs = Math.max(this.lagMaxMs, now - this.tickAt - TICK_MS);
    this.tickAt = now;
  }

  get stanzas(): ReadonlyMap<number, Session['stanzas']> {
    return this.arrivals;
  }
}
