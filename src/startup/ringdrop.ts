import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AccountsService } from '../accounts/accounts.service.js';
import { AppModule } from '../app.module.js';
import { setUpApp } from '../app.setup.js';
import { CallsLifecycle } from '../calls/calls-lifecycle.js';
import { NodeDeparture } from '../cluster/node-departure.js';
import type { Ground } from '../common/common.module.js';
import { SecretBox } from '../common/crypto/secret-box.js';
import { LimitedHttpAdapter } from '../common/http/limited-http.adapter.js';
import { NestLog } from '../common/logging/nest-log.js';
import { SystemClock } from '../common/time/system-clock.js';
import type { DataPlace } from '../database/embedded/data-directory.js';
import { EventSockets } from '../live/event-sockets.js';
import { PairingRooms } from '../pairing-page/pairing-rooms.js';
import { databaseFailure } from './database-failure.js';
import { openDatabaseServer, type DatabaseServer } from './database-server.js';
import { drain } from './drain.js';
import { listenFailure, localUrl, requireFreeAddress, warnOfOpenMetrics } from './listening-address.js';

/** What exists before anything is started. */
export type StartGround = Pick<Ground, 'config' | 'log' | 'instanceNames' | 'faults'>;

/** The product, up and listening. */
export interface Ringdrop {
  /** Where it listens, without a trailing slash. */
  readonly url: string;
  /** Token of the account that the first start made; nobody can read it again. */
  readonly firstToken: string | undefined;
  /** Where the embedded database is; `undefined`: the database is the operator's. */
  readonly place: DataPlace | undefined;
  /** Ends requests, then calls and sessions, then the database. */
  stop(): Promise<void>;
}

/**
 * Starts everything: database, application, HTTP. What was started is stopped again when a later step fails.
 * @throws ConfigurationError, EmbeddedPostgresError, NewerSchema, StartFailure
 */
export async function startRingdrop(given: StartGround): Promise<Ringdrop> {
  const { config, log, faults } = given;
  await requireFreeAddress(config.host, config.port);
  if (config.probePort !== undefined)
    await requireFreeAddress(config.host, config.probePort, 'PROBE_PORT and HOST');
  const database = await openDatabaseServer(config, log, faults);
  try {
    const secretBox = new SecretBox(database.encryptionKeys);
    return await startOn(database, { ...given, clock: new SystemClock(), secretBox });
  } catch (error) {
    await database.stop();
    throw error;
  }
}

async function startOn(database: DatabaseServer, ground: Ground): Promise<Ringdrop> {
  const { host, port, probePort } = ground.config;
  const adapter = new LimitedHttpAdapter(ground.config, ground.clock);
  const app = await createApp(database, ground, adapter);
  try {
    await setUpApp(app);
    await app.listen(port, host).catch((error: unknown) => {
      throw listenFailure(error, host, port);
    });
    const url = localUrl(host, portOf(app, port));
    const firstToken = await app.get(AccountsService).createFirst();
    const probes = probePort === undefined ? undefined : await adapter.listenForProbes(host, probePort);
    warnOfOpenMetrics(ground.config, ground.log);
    ground.log.info('The product is ready', { url });
    return {
      url,
      firstToken,
      place: database.place,
      stop: async () => {
        const calls = app.get(CallsLifecycle);
        calls.close();
        await app.get(NodeDeparture).begin();
        await calls.finish();
        // An open WebSocket or page is no idle connection: the server would wait for it.
        app.get(PairingRooms).closeAll();
        await Promise.all([drain(app.getHttpServer()), app.get(EventSockets).closeAll()]);
        probes?.close();
        probes?.closeAllConnections();
        await app.close();
        await database.stop();
      },
    };
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function createApp(
  database: DatabaseServer,
  ground: Ground,
  adapter: LimitedHttpAdapter,
): Promise<NestExpressApplication> {
  try {
    return await NestFactory.create<NestExpressApplication>(AppModule.on(ground, database.url), adapter, {
      bodyParser: false,
      abortOnError: false,
      logger: new NestLog(ground.log),
    });
  } catch (error) {
    throw databaseFailure(error);
  }
}

/** The port that the system chose when 0 was asked for. */
function portOf(app: NestExpressApplication, wanted: number): number {
  const address = app.getHttpServer().address();
  return typeof address === 'object' && address !== null ? address.port : wanted;
}
