import { Global, Module, type DynamicModule } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { SecretBox } from './crypto/secret-box.js';
import { FatalFaults } from './errors/fatal-faults.js';
import { EventBus } from './events/event-bus.js';
import { EventWriter } from './events/event-writer.js';
import { BaseAddress } from './http/base-address.js';
import { InstanceNames } from './logging/instance-names.js';
import { Log } from './logging/log.js';
import { AllowedTargets } from './net/allowed-targets.js';
import { Clock } from './time/clock.js';

/** What the whole product stands on; made before the application, because start-up itself needs it. */
export interface Ground {
  readonly config: AppConfig;
  readonly log: Log;
  /** What the log calls instances by. */
  readonly instanceNames: InstanceNames;
  readonly clock: Clock;
  readonly secretBox: SecretBox;
  readonly faults: FatalFaults;
}

/** Gives the ground to every module. */
@Global()
@Module({})
export class CommonModule {
  static on(ground: Ground): DynamicModule {
    return {
      module: CommonModule,
      providers: [
        { provide: AppConfig, useValue: ground.config },
        { provide: Log, useValue: ground.log },
        { provide: InstanceNames, useValue: ground.instanceNames },
        { provide: Clock, useValue: ground.clock },
        { provide: SecretBox, useValue: ground.secretBox },
        { provide: FatalFaults, useValue: ground.faults },
        EventBus,
        BaseAddress,
        EventWriter,
        AllowedTargets,
      ],
      exports: [
        AppConfig,
        Log,
        InstanceNames,
        Clock,
        SecretBox,
        FatalFaults,
        EventBus,
        BaseAddress,
        EventWriter,
        AllowedTargets,
      ],
    };
  }
}
