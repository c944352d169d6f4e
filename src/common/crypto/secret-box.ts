import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

const FORMAT_VERSION = 1;
const KEY_ID_BYTES = 4;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + KEY_ID_BYTES;

/** A sealed value that cannot be opened: another key, another place, or damaged bytes. */
export class SealBroken extends Error {
  constructor(reason: string) {
    super(`A stored secret cannot be opened: ${reason}`);
    this.name = 'SealBroken';
  }
}

/**
 * AES-256-GCM for values at rest. A sealed value is `version(1) | key id(4) | IV(12) | ciphertext | tag(16)`.
 * The key id names the key, so that old rows stay readable while a new key takes over. The context (for instance
 * instance id, type, key id) is authenticated with the value: a row copied to another place does not open.
 */
export class SecretBox {
  private readonly current: { id: Buffer; key: Buffer };
  private readonly keys = new Map<string, Buffer>();

  /** `keys[0]` seals; all open. Each key has 32 bytes. */
  constructor(keys: readonly Buffer[]) {
    const [newest] = keys;
    if (!newest) throw new TypeError('At least one encryption key is needed');
    for (const key of keys) {
      if (key.length !== 32) throw new TypeError('An encryption key has 32 bytes');
      this.keys.set(keyIdOf(key).toString('hex'), key);
    }
    this.current = { id: keyIdOf(newest), key: newest };
  }

  seal(plain: Uint8Array, context: readonly string[]): Buffer {
    const iv = randomBytes(IV_BYTES);
    const header = this.currentHeader;
    const cipher = createCipheriv('aes-256-gcm', this.current.key, iv);
    cipher.setAAD(additionalData(header, context));
    return Buffer.concat([header, iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws SealBroken */
  open(sealed: Uint8Array, context: readonly string[]): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (bytes.length < HEADER_BYTES + IV_BYTES + TAG_BYTES || bytes[0] !== FORMAT_VERSION) {
      throw new SealBroken('unknown format');
    }
    const header = bytes.subarray(0, HEADER_BYTES);
    const key = this.keys.get(header.subarray(1).toString('hex'));
    if (!key) throw new SealBroken('it was sealed with another encryption key');
    const decipher = createDecipheriv(
      'aes-256-gcm',
      key,
      bytes.subarray(HEADER_BYTES, HEADER_BYTES + IV_BYTES),
    );
    decipher.setAAD(additionalData(header, context));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      return Buffer.concat([
        decipher.update(bytes.subarray(HEADER_BYTES + IV_BYTES, -TAG_BYTES)),
        decipher.final(),
      ]);
    } catch {
      throw new SealBroken('its bytes or its place were changed');
    }
  }

  sealText(plain: string, context: readonly string[]): Buffer {
    return this.seal(Buffer.from(plain, 'utf8'), context);
  }

  /** @throws SealBroken */
  openText(sealed: Uint8Array, context: readonly string[]): string {
    return this.open(sealed, context).toString('utf8');
  }

  /**
   * Keys of 32 bytes for another purpose than sealing, one from each key, the current one first: HKDF-SHA-256 (RFC 5869)
   * with the purpose as its info. Knowing them tells nothing about the keys, nor about those of another purpose.
   */
  deriveKeys(purpose: string): Buffer[] {
    return [...this.keys.values()].map((key) =>
      Buffer.from(hkdfSync('sha256', key, '', purpose, key.length)),
    );
  }

  /** True when the value was sealed with an older key than the current one. */
  isStale(sealed: Uint8Array): boolean {
    return !Buffer.from(sealed.subarray(0, HEADER_BYTES)).equals(this.currentHeader);
  }

  /** Names the current key and tells nothing about it. */
  get currentKeyId(): string {
    return this.current.id.toString('hex');
  }

  /** How every value begins that the current key sealed. */
  get currentHeader(): Buffer {
    return Buffer.concat([Buffer.of(FORMAT_VERSION), this.current.id]);
  }
}

function keyIdOf(key: Buffer): Buffer {
  return createHash('sha256').update('ringdrop key id').update(key).digest().subarray(0, KEY_ID_BYTES);
}

/** Length-prefixed parts, so that no two contexts give the same bytes. */
function additionalData(header: Buffer, context: readonly string[]): Buffer {
  const parts = context.flatMap((part) => {
    const bytes = Buffer.from(part, 'utf8');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  return Buffer.concat([header, ...parts]);
}
