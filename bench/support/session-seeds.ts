import type { AuthenticationCreds } from '@whiskeysockets/baileys';
import { DataSource } from 'typeorm';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { dataSourceOptions } from '../../src/database/data-source-options.js';
import { SessionStore } from '../../src/whatsapp/session-store/session-store.js';
import { SilentLog } from '../../test/support/silent-log.js';
import { fencedWrites, holdNewInstances } from '../../test/support/test-ownership.js';

const CONNECTIONS = 4;

/** Gives new instances the credentials of phones that are linked already: linking many of them would take long. */
export class SessionSeeds {
  private constructor(
    private readonly database: DataSource,
    private readonly store: SessionStore,
  ) {}

  /** @param key of the product, which opens what is sealed here; its schema must be there */
  static async open(databaseUrl: string, key: Buffer): Promise<SessionSeeds> {
    const options = dataSourceOptions({
      url: databaseUrl,
      poolSize: CONNECTIONS,
      log: new SilentLog(),
      applicationName: 'bench',
    });
    const database = await new DataSource(options).initialize();
    await holdNewInstances(database);
    return new SessionSeeds(
      database,
      new SessionStore(database, new SecretBox([key]), fencedWrites(database)),
    );
  }

  save(instanceId: string, creds: AuthenticationCreds): Promise<void> {
    return this.store.saveCredentials(instanceId, creds);
  }

  query<Row>(sql: string): Promise<Row[]> {
    return this.database.query<Row[]>(sql);
  }

  close(): Promise<void> {
    return this.database.destroy();
  }
}
