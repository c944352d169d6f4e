import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { NodeNews } from '../cluster/node-news.js';
import { EventBus } from '../common/events/event-bus.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { BaileysGateway } from './baileys/baileys.gateway.js';
import { libraryVersion } from './baileys/socket-options.js';
import { ClientVersionRepository } from './client-version/client-version.repository.js';
import { ClientVersions } from './client-version/client-versions.js';
import { ConnectPace } from './connect-pace.js';
import { ConnectTurns } from './connect-turns.js';
import { ProxyAgents } from './proxy-agents.js';
import { LinkingPlaces } from './linking-places.js';
import { SessionCredentialsEntity } from './session-store/session-credentials.entity.js';
import { SessionKeyEntity } from './session-store/session-key.entity.js';
import { SessionStore } from './session-store/session-store.js';
import { WhatsAppGateway } from './whatsapp.gateway.js';

@Module({
  imports: [TypeOrmModule.forFeature([SessionCredentialsEntity, SessionKeyEntity])],
  providers: [
    SessionStore,
    ConnectTurns,
    ProxyAgents,
    ConnectPace,
    LinkingPlaces,
    ClientVersionRepository,
    {
      provide: ClientVersions,
      inject: [ClientVersionRepository, NodeNews, EventBus, ProxyAgents, AppConfig, Clock, Log],
      useFactory: (
        repository: ClientVersionRepository,
        nodes: NodeNews,
        events: EventBus,
        proxies: ProxyAgents,
        config: AppConfig,
        clock: Clock,
        log: Log,
      ) => new ClientVersions(libraryVersion(), repository, nodes, events, proxies, config, clock, log),
    },
    { provide: WhatsAppGateway, useClass: BaileysGateway },
  ],
  exports: [WhatsAppGateway, ConnectTurns, ClientVersions],
})
export class WhatsAppModule {}
