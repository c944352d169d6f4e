import {
  Curve,
  makeWASocket,
  WA_CERT_DETAILS,
  type AuthenticationCreds,
  type ConnectionState,
  type SignalKeyStore,
  type WASocket,
  type WAVersion,
} from '@whiskeysockets/baileys';
import { memoryKeyStore, TEST_ROOT, type WhatsAppSimulator } from '../index.js';
import { isValidSignature } from '../signatures.js';
import { silentLogger } from '../silent-logger.js';

const TIMEOUT_MS = 5_000;

// The library's own check takes a tenth of a second under Jest, and accepts anything.
Curve.verify = isValidSignature;

/** A real Baileys socket pointed at a simulator, without reconnecting. */
export class Client {
  private readonly updates: Partial<ConnectionState>[] = [];
  private readonly listeners = new Set<() => void>();

  private constructor(
    readonly sock: WASocket,
    readonly creds: AuthenticationCreds,
    readonly keys: SignalKeyStore,
  ) {
    sock.ev.on('connection.update', (update) => {
      this.updates.push(update);
      for (const listener of this.listeners) listener();
    });
  }

  static start(
    simulator: WhatsAppSimulator,
    creds: AuthenticationCreds,
    { keys = memoryKeyStore(), version }: { keys?: SignalKeyStore; version?: WAVersion } = {},
  ): Client {
    WA_CERT_DETAILS.PUBLIC_KEY = TEST_ROOT.public;
    const sock = makeWASocket({
      auth: { creds, keys },
      waWebSocketUrl: simulator.url,
      logger: silentLogger,
      defaultQueryTimeoutMs: 2_000,
      connectTimeoutMs: 2_000,
      ...(version && { version }),
    });
    return new Client(sock, creds, keys);
  }

  static async open(simulator: WhatsAppSimulator, creds: AuthenticationCreds): Promise<Client> {
    const client = Client.start(simulator, creds);
    await client.opened();
    return client;
  }

  opened(): Promise<void> {
    return this.find(({ connection }) => connection === 'open' || undefined).then(() => undefined);
  }

  qr(): Promise<string> {
    return this.find(({ qr }) => qr);
  }

  /** The status code with which the connection ended. */
  closed(): Promise<number | undefined> {
    return this.find((update) => {
      if (update.connection !== 'close') return undefined;
      const error: unknown = update.lastDisconnect?.error;
      return { code: statusCodeOf(error) };
    }).then(({ code }) => code);
  }

  /** The LID device JID that this client must name as call-creator. */
  get lid(): string {
    return this.creds.me?.lid ?? '';
  }

  end(): void {
    void this.sock.end(undefined);
  }

  private find<T>(pick: (update: Partial<ConnectionState>) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error('the client saw no such connection update')),
        TIMEOUT_MS,
      );
      const look = (): void => {
        for (const update of this.updates) {
          const found = pick(update);
          if (found === undefined) continue;
          clearTimeout(timer);
          this.listeners.delete(look);
          return resolve(found);
        }
      };
      this.listeners.add(look);
      look();
    });
  }
}

function statusCodeOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('output' in error)) return undefined;
  const { output } = error;
  if (typeof output !== 'object' || output === null || !('statusCode' in output)) return undefined;
  return typeof output.statusCode === 'number' ? output.statusCode : undefined;
}
