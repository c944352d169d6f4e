import { DataSource } from 'typeorm';
import { BufferJSON } from '@whiskeysockets/baileys';
import { SecretBox } from '../../src/common/crypto/secret-box.js';
import { credentialsContext, sessionKeyContext } from '../../src/whatsapp/session-store/sealed-places.js';
import type { Canary } from './canaries.js';

interface KeyRow {
  readonly instance_id: string;
  readonly type: string;
  readonly key_id: string;
  readonly value: Buffer;
}

/** The database of a product, looked at with its encryption key, as only its owner can. */
export class StoredSecrets {
  private constructor(
    private readonly database: DataSource,
    private readonly box: SecretBox,
  ) {}

  static async open(url: string, encryptionKey: string): Promise<StoredSecrets> {
    const database = await new DataSource({ type: 'postgres', url, installExtensions: false }).initialize();
    return new StoredSecrets(database, new SecretBox([Buffer.from(encryptionKey, 'hex')]));
  }

  close(): Promise<void> {
    return this.database.destroy();
  }

  /** All private keys in the credentials and among the Signal keys of all sessions. */
  async privateKeys(): Promise<Canary[]> {
    const credentials = await this.database.query<{ instance_id: string; value: Buffer }[]>(
      'SELECT instance_id, value FROM session_credentials',
    );
    const keys = await this.database.query<KeyRow[]>(
      'SELECT instance_id, type, key_id, value FROM session_keys',
    );
    return [
      ...credentials.flatMap((row) =>
        privateIn('credentials', this.read(row.value, credentialsContext(row.instance_id))),
      ),
      ...keys.flatMap((row) =>
        privateIn(row.type, this.read(row.value, sessionKeyContext(row.instance_id, row.type, row.key_id))),
      ),
    ];
  }

  /** Every row of every table as text, as a dump would show it. */
  async dump(): Promise<string> {
    const tables = await this.database.query<{ name: string }[]>(
      `SELECT table_name AS name FROM information_schema.tables
       WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`,
    );
    const texts: string[] = [];
    for (const { name } of tables) {
      const rows = await this.database.query<{ text: string }[]>(
        `SELECT t::text AS text FROM "${name}" AS t`,
      );
      texts.push(name, ...rows.map(({ text }) => text));
    }
    return texts.join('\n');
  }

  private read(sealed: Buffer, place: string[]): unknown {
    return JSON.parse(this.box.openText(sealed, place), BufferJSON.reviver);
  }
}

/** Byte strings that are named `private`, wherever they stand. */
function privateIn(name: string, value: unknown): Canary[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return Object.entries(value).flatMap(([field, inner]: [string, unknown]) => {
    if (field === 'private' && inner instanceof Uint8Array)
      return [{ name: `${name}.private`, secret: Buffer.from(inner) }];
    return privateIn(`${name}.${field}`, inner);
  });
}
