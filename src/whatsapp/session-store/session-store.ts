import { Injectable } from '@nestjs/common';
import type {
  AuthenticationCreds,
  SignalDataSet,
  SignalDataTypeMap,
  SignalKeyStore,
} from '@whiskeysockets/baileys';
import { LRUCache } from 'lru-cache';
import { DataSource } from 'typeorm';
import { FencedWrites } from '../../cluster/fenced-writes.js';
import { SecretBox } from '../../common/crypto/secret-box.js';
import { CredentialsCorrupt } from '../whatsapp.errors.js';
import { credentialsContext, sessionKeyContext } from './sealed-places.js';
import { SessionCredentialsEntity } from './session-credentials.entity.js';
import { decodeCredentials, decodeKey, encodeValue } from './session-codec.js';

/** Back-off of a connection, kept so that a restart does not start the ladder anew. */
export interface Backoff {
  /** Failed attempts in a row. */
  readonly attempt: number;
  readonly notBefore: Date | null;
}

interface KeyRow {
  readonly key_id: string;
  readonly value: Buffer;
}

/** The keys of one link to a phone. A socket that has been closed still writes for a while; once they are wiped it must not. */
interface KeyLink {
  wiped: boolean;
  readonly writes: Set<Promise<void>>;
}

/** An instance as long as it is held under one epoch. */
interface Owned {
  readonly instanceId: string;
  readonly epoch: string;
}

const CACHED_KEYS = 20_000;
/** What every call asks for; remembered only after the database has it. */
const CACHED_TYPES = new Set<string>(['session', 'tctoken']);
/**
 * Remembered from reading too, most of all that there is none. Signal sessions are not: a write whose answer was lost may
 * still come about, and a ratchet must not go on from what was read before it.
 */
const CACHED_WHEN_READ = 'tctoken';
const ABSENT = '';

/** One statement for a whole batch; the two halves never name the same key. */
const DELETE_KEYS = `gone AS (
  DELETE FROM session_keys AS k USING fence, unnest($2::text[], $3::text[]) AS d (type, key_id)
  WHERE k.instance_id = $1 AND k.type = d.type AND k.key_id = d.key_id)`;
const WRITE_KEYS = `
  INSERT INTO session_keys (instance_id, type, key_id, value)
  SELECT $1::uuid, n.type, n.key_id, n.value
  FROM fence, unnest($4::text[], $5::text[], $6::bytea[]) AS n (type, key_id, value)
  ON CONFLICT (instance_id, type, key_id) DO UPDATE SET value = excluded.value RETURNING 1 AS done`;

/** Credentials and Signal keys of all sessions, sealed, in Postgres. */
@Injectable()
export class SessionStore {
  private readonly cache = new LRUCache<string, string>({ max: CACHED_KEYS });
  /** Keys that are being written. Once two writes of a key overlap, none of that row may fill the cache. */
  private readonly writing = new Map<string, { inFlight: number; overlapped: boolean }>();

  /** Moves on when a write begins and when it ends, so that what was read before is not remembered after it. */
  private generation = 0;

  private readonly links = new Map<string, KeyLink>();

  constructor(
    private readonly database: DataSource,
    private readonly box: SecretBox,
    private readonly writes: FencedWrites,
  ) {}

  async isLinked(instanceId: string): Promise<boolean> {
    return this.credentials.existsBy({ instanceId, linked: true });
  }

  /**
   * `undefined` = no phone is linked.
   * @throws CredentialsCorrupt they are there, but cannot be read; nothing is replaced
   */
  async loadCredentials(instanceId: string): Promise<AuthenticationCreds | undefined> {
    const row = await this.credentials.findOneBy({ instanceId, linked: true });
    if (!row) return undefined;
    try {
      return decodeCredentials(this.box.openText(row.value, credentialsContext(instanceId)));
    } catch (cause) {
      throw new CredentialsCorrupt(cause);
    }
  }

  /** @throws OwnershipLost */
  async saveCredentials(instanceId: string, creds: AuthenticationCreds): Promise<void> {
    const value = this.box.sealText(encodeValue(creds), credentialsContext(instanceId));
    await this.writes.run(instanceId, {
      change: `INSERT INTO session_credentials (instance_id, value, linked) SELECT $1::uuid, $2::bytea, true FROM fence
        ON CONFLICT (instance_id) DO UPDATE SET value = excluded.value, linked = true, updated_at = now()
        RETURNING 1 AS done`,
      values: [instanceId, value],
    });
  }

  /** Keeps the sealed credentials for a look, but nobody will log in with them. @throws OwnershipLost */
  async unlink(instanceId: string): Promise<void> {
    await this.writes.run(instanceId, {
      change: `UPDATE session_credentials SET linked = false
        WHERE instance_id = $1 AND EXISTS (SELECT FROM fence) RETURNING 1 AS done`,
      values: [instanceId],
    });
  }

  /**
   * Forgets credentials, keys and back-off; key stores that were given out before write nothing any more.
   * @throws OwnershipLost
   */
  async wipe(instanceId: string): Promise<void> {
    await this.endLink(instanceId);
    await this.writes.run(instanceId, {
      also: [`gone AS (DELETE FROM session_keys WHERE instance_id = $1 AND EXISTS (SELECT FROM fence))`],
      change: `DELETE FROM session_credentials
        WHERE instance_id = $1 AND EXISTS (SELECT FROM fence) RETURNING 1 AS done`,
      values: [instanceId],
    });
    this.generation += 1;
    for (const key of this.cache.keys()) if (key.startsWith(`${instanceId}/`)) this.cache.delete(key);
  }

  async loadBackoff(instanceId: string): Promise<Backoff> {
    const row = await this.credentials.findOneBy({ instanceId });
    return { attempt: row?.reconnectAttempt ?? 0, notBefore: row?.reconnectNotBefore ?? null };
  }

  /** @throws OwnershipLost */
  async saveBackoff(instanceId: string, { attempt, notBefore }: Backoff): Promise<void> {
    await this.writes.run(instanceId, {
      change: `UPDATE session_credentials SET reconnect_attempt = $2, reconnect_not_before = $3
        WHERE instance_id = $1 AND EXISTS (SELECT FROM fence) RETURNING 1 AS done`,
      values: [instanceId, attempt, notBefore],
    });
  }

  /**
   * The keys of one session in the shape that the library wants. They belong to the epoch under which the instance is held
   * now: another process may move the sessions on in the next one, and what was known of them is of no use then.
   * @throws OwnershipLost, as writing does later
   */
  keysOf(instanceId: string): SignalKeyStore {
    const epoch = this.writes.epochOf(instanceId);
    const link = this.links.get(instanceId) ?? { wiped: false, writes: new Set() };
    this.links.set(instanceId, link);
    return {
      get: (type, ids) => this.readKeys({ instanceId, epoch }, type, ids),
      set: async (data) => {
        if (link.wiped) return;
        const write = this.writeKeys({ instanceId, epoch }, data).finally(() => link.writes.delete(write));
        link.writes.add(write);
        await write;
      },
    };
  }

  private async endLink(instanceId: string): Promise<void> {
    const link = this.links.get(instanceId);
    if (!link) return;
    link.wiped = true;
    this.links.delete(instanceId);
    await Promise.allSettled(link.writes);
  }

  private async readKeys<T extends keyof SignalDataTypeMap>(owned: Owned, type: T, ids: string[]) {
    const { instanceId } = owned;
    const found: { [id: string]: SignalDataTypeMap[T] } = {};
    const missing: string[] = [];
    for (const id of ids) {
      const text = this.cache.get(cacheKey(owned, type, id));
      if (text === undefined) missing.push(id);
      else if (text !== ABSENT) found[id] = decodeKey(type, text);
    }
    if (missing.length === 0) return found;
    const { generation } = this;
    const rows = await this.database.query<KeyRow[]>(
      'SELECT key_id, value FROM session_keys WHERE instance_id = $1 AND type = $2 AND key_id = ANY($3)',
      [instanceId, type, missing],
    );
    const read = new Map(
      rows.map(({ key_id: id, value }) => [
        id,
        this.box.openText(value, sessionKeyContext(instanceId, type, id)),
      ]),
    );
    for (const [id, text] of read) found[id] = decodeKey(type, text);
    if (type === CACHED_WHEN_READ && this.writing.size === 0 && generation === this.generation) {
      for (const id of missing) this.cache.set(cacheKey(owned, type, id), read.get(id) ?? ABSENT);
    }
    return found;
  }

  private async writeKeys(owned: Owned, data: SignalDataSet): Promise<void> {
    const { instanceId, epoch } = owned;
    const gone: { type: string; id: string }[] = [];
    const kept: { type: string; id: string; text: string }[] = [];
    for (const [type, entries] of Object.entries(data)) {
      for (const [id, value] of Object.entries(entries ?? {})) {
        if (value === null || value === undefined) gone.push({ type, id });
        else kept.push({ type, id, text: encodeValue(value) });
      }
    }
    if (gone.length + kept.length === 0) return;
    const fillCache = this.beginWrite([...gone, ...kept].map(({ type, id }) => cacheKey(owned, type, id)));
    let written = false;
    try {
      const values = [
        instanceId,
        gone.map(({ type }) => type),
        gone.map(({ id }) => id),
        kept.map(({ type }) => type),
        kept.map(({ id }) => id),
        kept.map(({ type, id, text }) => this.box.sealText(text, sessionKeyContext(instanceId, type, id))),
      ];
      await this.writes.run(instanceId, { also: [DELETE_KEYS], change: WRITE_KEYS, values }, epoch);
      written = true;
    } finally {
      const fresh = written ? kept.filter(({ type }) => CACHED_TYPES.has(type)) : [];
      fillCache(new Map(fresh.map(({ type, id, text }) => [cacheKey(owned, type, id), text])));
    }
  }

  /** Empties the cache for these keys; the function that it returns fills it again after the write. */
  private beginWrite(keys: readonly string[]): (fresh: ReadonlyMap<string, string>) => void {
    this.generation += 1;
    for (const key of keys) {
      this.cache.delete(key);
      const inFlight = this.writing.get(key)?.inFlight ?? 0;
      this.writing.set(key, { inFlight: inFlight + 1, overlapped: inFlight > 0 });
    }
    return (fresh) => {
      this.generation += 1;
      for (const key of keys) {
        const { inFlight, overlapped } = this.writing.get(key) ?? { inFlight: 1, overlapped: true };
        if (inFlight > 1) this.writing.set(key, { inFlight: inFlight - 1, overlapped });
        else this.writing.delete(key);
        const text = fresh.get(key);
        if (text !== undefined && !overlapped) this.cache.set(key, text);
      }
    };
  }

  private get credentials() {
    return this.database.getRepository(SessionCredentialsEntity);
  }
}

function cacheKey({ instanceId, epoch }: Owned, type: string, id: string): string {
  return `${instanceId}/${epoch}/${type}/${id}`;
}
