import { Injectable, type OnModuleInit } from '@nestjs/common';
import { EventBus } from '../common/events/event-bus.js';
import { InstanceDeleted } from './instance-deleted.event.js';
import { InstanceStateChanged } from './instance-state-changed.event.js';

/**
 * WhatsApp asks for a passkey only when the phone has answered a code, and by then `connect` has given the code and gone.
 * Remembers, in memory, of which requests the next `connect` has to tell.
 */
@Injectable()
export class PasskeyRequests implements OnModuleInit {
  /** Instances that `connect` gave a code for, which nobody has answered yet. */
  private readonly answerable = new Set<string>();
  private readonly untold = new Set<string>();

  constructor(private readonly events: EventBus) {}

  onModuleInit(): void {
    this.events.on(InstanceStateChanged, ({ instance: { id }, signal }) => {
      if (signal.type === 'passkey_required') {
        if (this.answerable.delete(id)) this.untold.add(id);
      } else if (signal.type !== 'qr_ready') this.forget(id);
    });
    this.events.on(InstanceDeleted, ({ instance: { id } }) => this.forget(id));
  }

  /** `connect` gave a code; what comes of it is not told by its answer. */
  codeGiven(instanceId: string): void {
    this.answerable.add(instanceId);
  }

  /** True once for each request that was not told. */
  takeUntold(instanceId: string): boolean {
    return this.untold.delete(instanceId);
  }

  private forget(instanceId: string): void {
    this.answerable.delete(instanceId);
    this.untold.delete(instanceId);
  }
}
