/** Others hold these instances, or may soon: their sockets are closed here, and nothing of theirs is written any more. */
export class InstancesLost {
  constructor(readonly instanceIds: readonly string[]) {}
}
