import pg from 'pg';

/** PostgreSQL's SQLSTATE for a log-in that may not be. */
const INVALID_AUTHORIZATION = '28000';

type Handler = (this: unknown, message: unknown) => void;

/** The server asks for the password in a way that would give it away, and does not get it. */
export class RefusedAuthentication extends Error {
  override readonly name = 'RefusedAuthentication';
  readonly code = INVALID_AUTHORIZATION;
}

/**
 * A client that does not give its password to whoever listens in the database's place. It sends it in clear over TLS or a
 * Unix socket only. With `require_auth=scram-sha-256` in the URL, a name that libpq knows too, it takes nothing but SCRAM, in
 * which the server proves as well that it knows the password.
 */
export class SecuredClient extends pg.Client {
  private isProven = false;

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const url = typeof config === 'string' ? config : config?.connectionString;
    const needsProof = url !== undefined && new URL(url).searchParams.get('require_auth') === 'scram-sha-256';
    if (needsProof || !(this.ssl || this.host.startsWith('/'))) {
      this.replace('_handleAuthCleartextPassword', () =>
        this.refuse(
          'The database asks for the password in clear text, which is sent over TLS or a Unix socket only',
        ),
      );
    }
    if (needsProof) this.takeScramOnly();
  }

  private takeScramOnly(): void {
    this.replace('_handleAuthMD5Password', () =>
      this.refuse('The database asks for the password as an MD5 hash, where only SCRAM will do'),
    );
    const finish = this.replace('_handleAuthSASLFinal', (message) => {
      finish.call(this, message);
      // It fails by an event when the proof is wrong, and leaves the session then.
      this.isProven = Reflect.get(this, 'saslSession') === null;
    });
    const begin = this.replace('_handleReadyForQuery', (message) => {
      if (this.isProven) begin.call(this, message);
      else this.refuse('The database has not proven that it knows the password');
    });
  }

  /** Returns what there was before. pg looks its handlers up when it begins to connect. */
  private replace(name: string, handler: (message: unknown) => void): Handler {
    const before: unknown = Reflect.get(this, name);
    if (typeof before !== 'function') throw new TypeError(`pg has no ${name} any more`);
    Reflect.set(this, name, handler);
    return before as Handler;
  }

  private refuse(message: string): void {
    this.connection.emit('error', new RefusedAuthentication(message));
    this.connection.stream.destroy();
  }
}
