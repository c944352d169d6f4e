import { Module, type DynamicModule } from '@nestjs/common';
import { AccountsModule } from './accounts/accounts.module.js';
import { AuthModule } from './auth/auth.module.js';
import { CallsModule } from './calls/calls.module.js';
import { ClusterModule } from './cluster/cluster.module.js';
import { CommonModule, type Ground } from './common/common.module.js';
import { ConsoleModule } from './console/console.module.js';
import { DatabaseModule } from './database/database.module.js';
import { DeliveriesModule } from './deliveries/deliveries.module.js';
import { HealthModule } from './health/health.module.js';
import { InstancesModule } from './instances/instances.module.js';
import { LiveModule } from './live/live.module.js';
import { MetricsModule } from './metrics/metrics.module.js';
import { PairingPageModule } from './pairing-page/pairing-page.module.js';
import { RoutingModule } from './cluster/routing.module.js';
import { WebhooksModule } from './webhooks/webhooks.module.js';

/** The whole product. */
@Module({})
export class AppModule {
  /** @param databaseUrl the configured database, or the embedded one, which runs already */
  static on(ground: Ground, databaseUrl: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        CommonModule.on(ground),
        DatabaseModule.connect(databaseUrl, ground),
        ClusterModule,
        RoutingModule,
        AccountsModule,
        AuthModule,
        InstancesModule,
        CallsModule,
        DeliveriesModule,
        WebhooksModule,
        LiveModule,
        HealthModule,
        MetricsModule,
        PairingPageModule,
        ConsoleModule,
      ],
    };
  }
}
