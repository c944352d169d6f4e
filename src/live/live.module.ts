import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { Authenticator } from '../auth/authenticator.js';
import { InstancesModule } from '../instances/instances.module.js';
import { EventSockets } from './event-sockets.js';
import { LiveEventsListener } from './live-events.listener.js';
import { SocketAccess, SocketHeartbeat } from './socket-access.js';
import { WebSocketConnections } from './websocket-connections.js';
import { WebSocketHandshake } from './websocket-handshake.js';
import { WebSocketSettingsController } from './websocket-settings.controller.js';
import { WebSocketSettingsRepository } from './websocket-settings.repository.js';
import { WebSocketSettingsService } from './websocket-settings.service.js';
import { WebSocketUpgrades } from './websocket-upgrades.js';
import { WebSocketController } from './websocket.controller.js';

/** Events for those who stay connected. */
@Module({
  imports: [AccountsModule, InstancesModule],
  controllers: [WebSocketSettingsController, WebSocketController],
  providers: [
    Authenticator,
    EventSockets,
    LiveEventsListener,
    SocketAccess,
    SocketHeartbeat,
    WebSocketConnections,
    WebSocketHandshake,
    WebSocketSettingsRepository,
    WebSocketSettingsService,
    WebSocketUpgrades,
  ],
  exports: [EventSockets],
})
export class LiveModule {}
