import { createHash } from 'node:crypto';
import { DEFAULT_CONNECTION_CONFIG, type proto } from '@whiskeysockets/baileys';
import type { Connection } from './connection.js';
import { endByFailure } from './endings.js';
import type { Recorder } from './recorder.js';
import { ServiceWorkerHost } from './service-worker.js';

const CLIENT_TOO_OLD = 405;
/** The first parts of every version of WhatsApp Web since 2023. */
const [MAJOR, MINOR] = [2, 3000];

/** Which versions of WhatsApp Web are let in, and the web server that serves the current one. */
export class VersionDesk {
  private oldest = 1;
  private host: ServiceWorkerHost | undefined;

  constructor(
    private readonly connections: ReadonlySet<Connection>,
    private readonly recorder: Recorder,
  ) {}

  /** Serves the revision that the library sends, until a test says otherwise. */
  async open(): Promise<void> {
    const [, , revision] = DEFAULT_CONNECTION_CONFIG.version;
    this.host = await ServiceWorkerHost.start({ kind: 'file', revision }, this.recorder);
  }

  async close(): Promise<void> {
    await this.host?.close();
  }

  get serviceWorker(): ServiceWorkerHost {
    if (!this.host) throw new Error('the simulator has not been started');
    return this.host;
  }

  /**
   * From now on clients of a lower revision are refused with 405. Sessions that are open are ended: `refuse` says why, as at a
   * login, and `close` does not. Returns how many there were.
   */
  require(revision: number, how: 'refuse' | 'close' = 'refuse'): number {
    this.oldest = revision;
    const outdated = [...this.connections].filter((one) => one.revision > 0 && one.revision < revision);
    for (const connection of outdated) {
      if (how === 'refuse') endByFailure(connection, CLIENT_TOO_OLD);
      else connection.close(1011);
    }
    return outdated.length;
  }

  /** Looks at the version that the client gives. False: the connection was refused. */
  admit(connection: Connection, { userAgent, devicePairingData }: proto.ClientPayload): boolean {
    const { primary, secondary, tertiary } = userAgent?.appVersion ?? {};
    const version = [primary, secondary, tertiary].join('.');
    const isWeb = primary === MAJOR && secondary === MINOR && Boolean(tertiary);
    if (!isWeb) this.recorder.violation(undefined, `the client version is ${version}`);
    const { buildHash } = devicePairingData ?? {};
    if (buildHash && !createHash('md5').update(version).digest().equals(buildHash))
      this.recorder.violation(undefined, `the build hash is not that of version ${version}`);
    connection.revision = tertiary ?? 0;
    if (isWeb && connection.revision >= this.oldest) return true;
    endByFailure(connection, CLIENT_TOO_OLD);
    return false;
  }
}
