import type { InstanceIdentity } from './instance-identity.js';

/** The instance and everything that belonged to it are gone. */
export class InstanceDeleted {
  constructor(readonly instance: InstanceIdentity) {}
}
