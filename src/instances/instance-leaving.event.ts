/**
 * The session of an instance is about to be closed, logged out or deleted, and is still as it was: what needs it has to
 * be done now. Whoever ends the session waits for the reactions, so they must not wait for a command on the instance.
 */
export class InstanceLeaving {
  constructor(
    readonly instanceId: string,
    /** In words for the records of what it ends. */
    readonly reason: string,
  ) {}
}
