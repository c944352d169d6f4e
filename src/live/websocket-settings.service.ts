import { Inject, Injectable } from '@nestjs/common';
import type { TenantCaller } from '../common/http/caller.js';
import { InstanceNotFound } from '../instances/instances.errors.js';
import { InstancesService } from '../instances/instances.service.js';
import { CLOSE_CODES } from './event-socket.js';
import { EventSockets } from './event-sockets.js';
import {
  WebSocketSettingsRepository,
  type WebSocketChange,
  type WebSocketSettings,
} from './websocket-settings.repository.js';
import { WebSocketNotConfigured } from './websocket.errors.js';

/** What clients are told when their WebSocket ends because it is switched off. */
export const SWITCHED_OFF = 'WebSocket is not enabled for this instance';

/** Allows WebSockets on an instance, and says which events they get. */
@Injectable()
export class WebSocketSettingsService {
  constructor(
    @Inject(InstancesService) private readonly instances: Pick<InstancesService, 'require'>,
    private readonly repository: WebSocketSettingsRepository,
    private readonly sockets: EventSockets,
  ) {}

  /** Changes what is given; sockets that are open follow at once. @throws InstanceNotFound */
  async configure(
    caller: TenantCaller,
    instanceName: string,
    change: WebSocketChange,
  ): Promise<WebSocketSettings> {
    const { id, accountId } = await this.instances.require(caller, instanceName);
    await this.repository.change(accountId, id, change);
    const settings = await this.repository.find(accountId, id);
    if (!settings) throw new InstanceNotFound();
    for (const socket of this.sockets.socketsOf(id)) {
      if (settings.enabled) socket.events = settings.events;
      else socket.close(CLOSE_CODES.policyViolation, SWITCHED_OFF);
    }
    return settings;
  }

  /** @throws InstanceNotFound, WebSocketNotConfigured */
  async read(caller: TenantCaller, instanceName: string): Promise<WebSocketSettings> {
    const { id, accountId } = await this.instances.require(caller, instanceName);
    const settings = await this.repository.find(accountId, id);
    if (!settings) throw new WebSocketNotConfigured();
    return settings;
  }
}
