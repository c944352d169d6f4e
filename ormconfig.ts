import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { PinoLog } from './src/common/logging/pino-log.js';
import { loadAppConfig } from './src/config/app-config.js';
import { dataSourceOptions } from './src/database/data-source-options.js';
import { NO_LIMITS } from './src/database/limited-client.js';
import { openDatabaseServer } from './src/startup/database-server.js';

/** The data source of the TypeORM command line: the same database that the product would use. */
const config = loadAppConfig();
const log = PinoLog.create('warn');
const { url } = await openDatabaseServer(config, log);

export default new DataSource({
  ...dataSourceOptions({ url, poolSize: config.databasePoolSize, log, limits: NO_LIMITS }),
  // The command line tells its results through its logger.
  logger: 'advanced-console',
});
