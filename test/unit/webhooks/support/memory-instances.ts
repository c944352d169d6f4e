import type { TenantCaller } from '../../../../src/common/http/caller.js';
import type {
  WebSocketChange,
  WebSocketSettings,
} from '../../../../src/live/websocket-settings.repository.js';
import type { InstanceIdentity } from '../../../../src/instances/instance-identity.js';
import type { InstanceRef } from '../../../../src/instances/instance-values.js';
import { InstanceNotFound } from '../../../../src/instances/instances.errors.js';

/** Instances with their WebSocket columns, in memory. */
export class MemoryInstances {
  private readonly settings = new Map<string, WebSocketSettings>();
  isBroken = false;

  constructor(private readonly rows: readonly InstanceIdentity[]) {}

  require({ accountId }: TenantCaller, name: string): Promise<InstanceRef> {
    const found = this.rows.find((row) => row.accountId === accountId && row.name === name);
    if (!found) return Promise.reject(new InstanceNotFound());
    return Promise.resolve({
      ...found,
      isLinked: true,
      maxConcurrentCalls: 1,
      minSecondsBetweenCalls: 0,
      numberCooldownSeconds: 0,
      restriction: null,
    });
  }

  find(_accountId: string, instanceId: string): Promise<WebSocketSettings | undefined> {
    return Promise.resolve(this.settings.get(instanceId));
  }

  findMany(instanceIds: readonly string[]): Promise<Map<string, WebSocketSettings>> {
    if (this.isBroken) return Promise.reject(new Error('the database is away'));
    return Promise.resolve(new Map([...this.settings].filter(([id]) => instanceIds.includes(id))));
  }

  change(_accountId: string, instanceId: string, { enabled, events }: WebSocketChange): Promise<void> {
    const before = this.settings.get(instanceId);
    this.settings.set(instanceId, { enabled, events: events ?? before?.events ?? [] });
    return Promise.resolve();
  }
}
