import { Global, Module } from '@nestjs/common';
import { SecretBox } from '../common/crypto/secret-box.js';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { LinkLifecycle } from './link-lifecycle.js';
import { LinkedNews } from './linked-news.js';
import { NoLink } from './no-link.js';
import { NodeLink } from './node-link.js';
import { NodeNews } from './node-news.js';
import { OwnerCommands } from './owner-commands.js';
import { Ownership } from './ownership.js';
import { RoutedCommands } from './routed-commands.js';

/** Brings commands to the process that holds an instance, and news to those who listen elsewhere. */
@Global()
@Module({
  providers: [
    {
      provide: NodeLink,
      inject: [AppConfig, SecretBox, Clock, Log],
      useFactory: async ({ natsUrl }: AppConfig, secrets: SecretBox, clock: Clock, log: Log) => {
        if (natsUrl === undefined) return new NoLink();
        // Loaded by those who need it only.
        const { NatsLink } = await import('./nats/nats-link.js');
        return new NatsLink(natsUrl, secrets, clock, log);
      },
    },
    {
      provide: OwnerCommands,
      inject: [AppConfig, Ownership, NodeLink, Log],
      useFactory: ({ natsUrl }: AppConfig, ownership: Ownership, link: NodeLink, log: Log) =>
        natsUrl === undefined ? new OwnerCommands() : new RoutedCommands(ownership, link, log),
    },
    { provide: NodeNews, useClass: LinkedNews },
    LinkLifecycle,
  ],
  exports: [NodeLink, NodeNews, OwnerCommands],
})
export class RoutingModule {}
