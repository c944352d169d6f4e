/** This process holds these instances from now on. */
export class InstancesGained {
  constructor(readonly instanceIds: readonly string[]) {}
}
