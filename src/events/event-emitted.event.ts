import type { EventEnvelope } from './event-envelope.js';

/** An event of an instance was handed out: its webhook deliveries are stored. For live listeners. */
export class EventEmitted {
  constructor(
    readonly instanceId: string,
    readonly envelope: EventEnvelope,
    /** The envelope as it is sent. */
    readonly text: string,
  ) {}
}
