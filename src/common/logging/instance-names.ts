/** Names of the instances that this process has heard of, so that a log line tells more than an id. */
export class InstanceNames {
  private readonly names = new Map<string, string>();

  remember(instanceId: string, name: string): void {
    this.names.set(instanceId, name);
  }

  forget(instanceId: string): void {
    this.names.delete(instanceId);
  }

  of(instanceId: unknown): string | undefined {
    return typeof instanceId === 'string' ? this.names.get(instanceId) : undefined;
  }
}
