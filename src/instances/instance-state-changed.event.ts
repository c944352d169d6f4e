import type { SessionSignal } from '../whatsapp/whatsapp-signals.js';
import type { InstanceIdentity } from './instance-identity.js';
import type { InstanceStatus } from './instance-state.js';

/**
 * A session told something new and it is stored. `status` equals `previous` when the news moved nothing. The next news
 * of the instance waits until the reactions end, so a reaction must not wait for a command on the same instance.
 */
export class InstanceStateChanged {
  constructor(
    readonly instance: InstanceIdentity,
    readonly previous: InstanceStatus,
    readonly status: InstanceStatus,
    readonly signal: SessionSignal,
  ) {}
}
