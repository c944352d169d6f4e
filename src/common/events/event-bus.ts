import { Injectable } from '@nestjs/common';
import { Log } from '../logging/log.js';

type EventClass<E extends object> = abstract new (...args: never[]) => E;
type Reaction = (event: object) => void | Promise<void>;

/**
 * News inside the process, told after the write that it reports. Reactions run one after another in the order of
 * their subscription; one that fails is logged and never spreads to the publisher or to the others.
 */
@Injectable()
export class EventBus {
  private readonly reactions = new Map<unknown, Set<Reaction>>();

  constructor(private readonly log: Log) {}

  /** Returns a function that ends the subscription. */
  on<E extends object>(type: EventClass<E>, react: (event: E) => void | Promise<void>): () => void {
    const reactions = this.reactions.get(type) ?? new Set<Reaction>();
    this.reactions.set(type, reactions);
    const reaction: Reaction = (event) => (event instanceof type ? react(event) : undefined);
    reactions.add(reaction);
    return () => reactions.delete(reaction);
  }

  async publish(event: object): Promise<void> {
    for (const reaction of this.reactions.get(event.constructor) ?? []) {
      try {
        await reaction(event);
      } catch (cause) {
        this.log.error('A reaction to an event failed', { event: event.constructor.name, err: cause });
      }
    }
  }
}
