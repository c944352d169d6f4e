import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { initAuthCreds, type AuthenticationCreds } from '@whiskeysockets/baileys';
import { DataSource } from 'typeorm';
import { SecretBox } from '../../../../src/common/crypto/secret-box.js';
import { CredentialsWriter } from '../../../../src/whatsapp/baileys/credentials-writer.js';
import { SessionStore } from '../../../../src/whatsapp/session-store/session-store.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { SilentLog } from '../../../support/silent-log.js';
import { fencedWrites } from '../../../support/test-ownership.js';

const INSTANCE = '6f1f9a2e-0000-4000-8000-000000000001';

/** A store that takes its time: each write waits until the test lets it through or makes it fail. */
class SlowStore extends SessionStore {
  readonly saved: number[] = [];
  readonly begun: number[] = [];
  private waiting: { end(): void; fail(): void }[] = [];

  constructor() {
    const nowhere = new DataSource({ type: 'postgres' });
    super(nowhere, new SecretBox([randomBytes(32)]), fencedWrites(nowhere));
  }

  override saveCredentials(instanceId: string, { nextPreKeyId }: AuthenticationCreds): Promise<void> {
    expect(instanceId).toBe(INSTANCE);
    this.begun.push(nextPreKeyId);
    return new Promise((resolve, reject) => {
      this.waiting.push({
        end: () => {
          this.saved.push(nextPreKeyId);
          resolve();
        },
        fail: () => reject(new Error('the database is gone')),
      });
    });
  }

  finishWrite(): void {
    this.waiting.shift()?.end();
  }

  failWrite(): void {
    this.waiting.shift()?.fail();
  }
}

/** Linked credentials; the number tells versions apart. */
function version(nextPreKeyId: number): AuthenticationCreds {
  return { ...initAuthCreds(), nextPreKeyId, me: { id: '5511987654321:7@s.whatsapp.net' }, account: {} };
}

let store: SlowStore;
let clock: ManualClock;
let log: SilentLog;
let writer: CredentialsWriter;

beforeEach(() => {
  store = new SlowStore();
  clock = new ManualClock();
  log = new SilentLog();
  writer = new CredentialsWriter(INSTANCE, store, clock, log);
});

describe('changed credentials', () => {
  it('are written at once', () => {
    writer.save(version(1));
    expect(store.begun).toEqual([1]);
  });

  it('are written together when they change during a write, the newest only', async () => {
    for (const number of [1, 2, 3, 4]) writer.save(version(number));
    expect(store.begun).toEqual([1]);
    store.finishWrite();
    await clock.advance(0);
    expect(store.begun).toEqual([1, 4]);
    store.finishWrite();
    await writer.flush();
    expect(store.saved).toEqual([1, 4]);
  });

  it('are not missed when they change in the very moment in which a write ends', async () => {
    for (let turns = 0; turns < 8; turns++) {
      writer.save(version(turns));
      store.finishWrite();
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      writer.save(version(100 + turns));
      await clock.advance(0);
      store.finishWrite();
      await clock.advance(0);
      expect(store.saved.at(-1)).toBe(100 + turns);
    }
  });

  it('are tried again a second after a failed write', async () => {
    writer.save(version(1));
    store.failWrite();
    await clock.advance(999);
    expect(store.begun).toEqual([1]);
    await clock.advance(1);
    store.finishWrite();
    await writer.flush();
    expect(store.saved).toEqual([1]);
    expect(log.sentences('error')).toEqual(['Credentials of a session could not be saved']);
  });

  it('are replaced by newer ones after a failed write', async () => {
    writer.save(version(1));
    writer.save(version(2));
    store.failWrite();
    await clock.advance(1_000);
    store.finishWrite();
    await writer.flush();
    expect(store.begun).toEqual([1, 2]);
  });

  it('do not appear in the log when they cannot be written', async () => {
    writer.save(version(1));
    store.failWrite();
    await clock.advance(0);
    expect(Object.keys(log.lines[0]?.details ?? {})).toEqual(['instanceId', 'err']);
  });
});

describe('half-linked credentials', () => {
  it.each([
    ['of a socket that shows a QR', initAuthCreds()],
    [
      'of a code that nobody has typed yet',
      { ...initAuthCreds(), me: { id: '5511987654321@s.whatsapp.net' } },
    ],
    ['without an own number', { ...initAuthCreds(), account: {} }],
    ['with an empty number', { ...initAuthCreds(), account: {}, me: { id: '' } }],
  ])('%s are never written', async (_, creds) => {
    writer.save(creds);
    await writer.flush();
    expect(store.begun).toEqual([]);
  });
});

describe('a session that is closed', () => {
  it('waits until everything is written', async () => {
    writer.save(version(1));
    writer.save(version(2));
    let stopped = false;
    const stop = writer.stop().then(() => (stopped = true));
    store.finishWrite();
    await clock.advance(0);
    expect(stopped).toBe(false);
    store.finishWrite();
    await stop;
    expect(store.saved).toEqual([1, 2]);
  });

  it('does not wait for a database that is gone', async () => {
    writer.save(version(1));
    const stop = writer.stop();
    store.failWrite();
    await stop;
    expect(clock.pendingTimers).toBe(0);
    expect(store.saved).toEqual([]);
  });

  it('makes one last attempt when it is between two', async () => {
    writer.save(version(1));
    store.failWrite();
    await clock.advance(500);
    const stop = writer.stop();
    await clock.advance(500);
    store.finishWrite();
    await stop;
    expect(store.saved).toEqual([1]);
  });

  it('may be opened and written again', async () => {
    await writer.stop();
    writer.save(version(3));
    store.failWrite();
    await clock.advance(1_000);
    expect(store.begun).toEqual([3, 3]);
  });

  it('has nothing to flush when nothing changed', async () => {
    await expect(writer.flush()).resolves.toBeUndefined();
    await expect(writer.stop()).resolves.toBeUndefined();
  });
});
