/** These instances are about to be given to others: their sessions are closed in order, and what they have to say is stored. */
export class InstancesReleasing {
  constructor(readonly instanceIds: readonly string[]) {}
}
