import { Inject, Injectable } from '@nestjs/common';
import { presentedToken } from '../auth/presented-token.js';
import type { TenantCaller } from '../common/http/caller.js';
import { Clock } from '../common/time/clock.js';
import { InstancesService } from '../instances/instances.service.js';
import { EventSocket } from './event-socket.js';
import { EventSockets } from './event-sockets.js';
import { WebSocketHandshake } from './websocket-handshake.js';
import { WebSocketSettingsRepository } from './websocket-settings.repository.js';
import type { PendingUpgrade } from './websocket-upgrades.js';
import { WebSocketExpected, WebSocketNotEnabled } from './websocket.errors.js';

/** Opens WebSockets for those whose token has been checked. */
@Injectable()
export class WebSocketConnections {
  constructor(
    @Inject(InstancesService) private readonly instances: Pick<InstancesService, 'require'>,
    private readonly repository: WebSocketSettingsRepository,
    private readonly handshake: WebSocketHandshake,
    private readonly sockets: EventSockets,
    private readonly clock: Clock,
  ) {}

  /**
   * @param upgrade `undefined` = the request asked for no WebSocket
   * @throws InstanceNotFound, WebSocketNotEnabled, WebSocketExpected, TooManyWebSockets,
   * TooManyAccountWebSockets, WebSocketsClosing
   */
  async open(caller: TenantCaller, instanceName: string, upgrade: PendingUpgrade | undefined): Promise<void> {
    const { id: instanceId, accountId, name } = await this.instances.require(caller, instanceName);
    const settings = await this.repository.find(accountId, instanceId);
    if (!settings?.enabled) throw new WebSocketNotEnabled(name);
    if (!upgrade) throw new WebSocketExpected();
    this.sockets.requirePlace({ accountId, instanceId });
    const owner = { accountId, instanceId, token: presentedToken(upgrade.request.headers) ?? '' };
    this.handshake.complete(upgrade, (socket) =>
      this.sockets.add(new EventSocket(socket, owner, settings.events, this.clock)),
    );
  }
}
