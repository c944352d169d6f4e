import { Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Log } from '../common/logging/log.js';
import { Clock } from '../common/time/clock.js';
import { AppConfig } from '../config/app-config.js';
import { FixedWindowStorage } from './fixed-window-storage.js';
import { SharedWindowStorage } from './shared-window-storage.js';
import { WindowStorage } from './window-storage.js';

/** Where budgets are counted: in memory when this is the only process, else in the database that all of them share. */
@Module({
  providers: [
    {
      provide: WindowStorage,
      inject: [AppConfig, Clock, Log, DataSource],
      useFactory: ({ natsUrl }: AppConfig, clock: Clock, log: Log, dataSource: DataSource): WindowStorage =>
        natsUrl === undefined
          ? new FixedWindowStorage(clock)
          : new SharedWindowStorage(dataSource, clock, log),
    },
  ],
  exports: [WindowStorage],
})
export class WindowStorageModule {}
