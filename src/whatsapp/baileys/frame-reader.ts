/** In this many frames in a row that cannot be read, something is wrong with the connection and not with a stanza. */
const MAX_FAILURES = 5;

const NOTHING = Buffer.alloc(0);

type Read = (data: unknown) => unknown;

export interface FrameOutcomes {
  /** Whether the login is over: before it, every frame counts. */
  isEstablished(): boolean;
  /** A stanza was left out; the connection goes on. */
  skipped(): void;
  /** The connection is of no use any more. */
  broken(): void;
}

/**
 * Reads what comes over one socket. Baileys 7.0.0-rc14 reads frames in an async listener and drops its rejection: whatever
 * is wrong with a frame, or goes wrong in a listener, would end the process. A frame that does not decrypt ends the
 * connection, because the counters of both sides have parted. A stanza that decrypts and makes no sense is left out, as it
 * may come from another user; the library has taken it off its buffer before it stumbles.
 */
export class FrameReader {
  private failures = 0;

  constructor(
    private readonly read: Read,
    private readonly outcomes: FrameOutcomes,
  ) {}

  /** A frame was read. */
  succeeded(): void {
    this.failures = 0;
  }

  /** Never rejects. */
  async take(data: unknown): Promise<void> {
    try {
      await this.read(data);
    } catch (cause) {
      this.failures += 1;
      const mayGoOn = this.outcomes.isEstablished() && !isAboutDecryption(cause);
      if (!mayGoOn || this.failures >= MAX_FAILURES) return this.outcomes.broken();
      this.outcomes.skipped();
      // More frames may have come in the same message.
      await this.take(NOTHING);
    }
  }
}

/** Node's words for a tag of AES-GCM that is wrong or too short. */
function isAboutDecryption(cause: unknown): boolean {
  return /authenticat/.test(String(cause));
}
