import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { InstanceEntity } from '../instances/instance.entity.js';

/** The WebSocket of an instance, as its owner configured it. */
export interface WebSocketSettings {
  readonly enabled: boolean;
  /** Names of the events to send; empty = all. */
  readonly events: readonly string[];
}

/** What is `undefined` stays as it is. */
export interface WebSocketChange {
  readonly enabled: boolean;
  readonly events?: readonly string[];
}

/** The columns of an instance that tell about its WebSocket. */
@Injectable()
export class WebSocketSettingsRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** `undefined` when the WebSocket was never configured, or the instance is gone. */
  async find(accountId: string, instanceId: string): Promise<WebSocketSettings | undefined> {
    const row = await this.instances.findOne({
      select: { id: true, websocketEnabled: true, websocketEvents: true },
      where: { accountId, id: instanceId },
    });
    return row ? settingsOf(row) : undefined;
  }

  /** Of many instances at once; without those that are gone or were never configured. */
  async findMany(instanceIds: readonly string[]): Promise<Map<string, WebSocketSettings>> {
    const rows = await this.instances.find({
      select: { id: true, websocketEnabled: true, websocketEvents: true },
      where: { id: In([...instanceIds]) },
    });
    return new Map(
      rows.flatMap((row) => {
        const settings = settingsOf(row);
        return settings ? [[row.id, settings] as const] : [];
      }),
    );
  }

  /** Does nothing when the instance is gone. */
  async change(accountId: string, instanceId: string, { enabled, events }: WebSocketChange): Promise<void> {
    await this.instances.update(
      { accountId, id: instanceId },
      {
        websocketEnabled: enabled,
        ...(events && { websocketEvents: [...events] }),
        updatedAt: () => 'now()',
      },
    );
  }

  private get instances() {
    return this.dataSource.getRepository(InstanceEntity);
  }
}

function settingsOf({
  websocketEnabled,
  websocketEvents,
}: Pick<InstanceEntity, 'websocketEnabled' | 'websocketEvents'>): WebSocketSettings | undefined {
  return websocketEnabled === null ? undefined : { enabled: websocketEnabled, events: websocketEvents };
}
