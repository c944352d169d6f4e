import { createHash, hkdfSync } from 'node:crypto';
import {
  aesDecryptGCM,
  aesEncryptGCM,
  Curve,
  NOISE_MODE,
  NOISE_WA_HEADER,
  proto,
  type KeyPair,
} from '@whiskeysockets/baileys';

const NO_BYTES = Buffer.alloc(0);

export interface ClientFinish {
  readonly clientStatic: Buffer;
  /** Encoded `ClientPayload`. */
  readonly payload: Buffer;
}

/**
 * Responder side of Noise_XX_25519_AESGCM_SHA256 as WhatsApp frames it: the hash starts with the 32-byte protocol name and the
 * connection header; handshake messages are protobufs; AES-GCM nonces count from 0 after each key mix.
 */
export class NoiseResponder {
  private hash: Buffer = Buffer.from(NOISE_MODE);
  private salt: Buffer = this.hash;
  private key: Buffer = this.hash;
  private counter = 0;
  private readonly ephemeral = Curve.generateKeyPair();
  private receiveKey: Buffer = NO_BYTES;
  private sendKey: Buffer = NO_BYTES;
  private receivedCount = 0;
  private sentCount = 0;

  constructor(
    private readonly serverStatic: KeyPair,
    private readonly certificateChain: Uint8Array,
  ) {
    this.mixHash(NOISE_WA_HEADER);
  }

  /** Takes the client's hello and gives the server's. */
  answerHello(message: Uint8Array): Buffer {
    const clientEphemeral = requireKey(
      proto.HandshakeMessage.decode(message).clientHello?.ephemeral,
      'ephemeral',
    );
    this.mixHash(clientEphemeral);
    this.mixHash(this.ephemeral.public);
    this.mixKey(Curve.sharedKey(this.ephemeral.private, clientEphemeral));
    const encryptedStatic = this.encryptHandshake(this.serverStatic.public);
    this.mixKey(Curve.sharedKey(this.serverStatic.private, clientEphemeral));
    const encryptedChain = this.encryptHandshake(this.certificateChain);
    return Buffer.from(
      proto.HandshakeMessage.encode({
        serverHello: { ephemeral: this.ephemeral.public, static: encryptedStatic, payload: encryptedChain },
      }).finish(),
    );
  }

  /** Takes the client's last handshake message and switches to transport keys. */
  finish(message: Uint8Array): ClientFinish {
    const { clientFinish } = proto.HandshakeMessage.decode(message);
    if (!clientFinish?.static || !clientFinish.payload)
      throw new Error('the handshake ends without clientFinish');
    const clientStatic = this.decryptHandshake(clientFinish.static);
    this.mixKey(Curve.sharedKey(this.ephemeral.private, requireKey(clientStatic, 'static')));
    const payload = this.decryptHandshake(clientFinish.payload);
    const [first, second] = this.derive(NO_BYTES);
    this.receiveKey = first; // the first half is client to server
    this.sendKey = second;
    return { clientStatic, payload };
  }

  encrypt(plaintext: Uint8Array): Buffer {
    return aesEncryptGCM(plaintext, this.sendKey, nonce(this.sentCount++), NO_BYTES);
  }

  decrypt(ciphertext: Uint8Array): Buffer {
    return aesDecryptGCM(ciphertext, this.receiveKey, nonce(this.receivedCount++), NO_BYTES);
  }

  private encryptHandshake(plaintext: Uint8Array): Buffer {
    const ciphertext = aesEncryptGCM(plaintext, this.key, nonce(this.counter++), this.hash);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  private decryptHandshake(ciphertext: Uint8Array): Buffer {
    const plaintext = aesDecryptGCM(ciphertext, this.key, nonce(this.counter++), this.hash);
    this.mixHash(ciphertext);
    return plaintext;
  }

  private mixHash(bytes: Uint8Array): void {
    this.hash = createHash('sha256').update(this.hash).update(bytes).digest();
  }

  private mixKey(secret: Uint8Array): void {
    [this.salt, this.key] = this.derive(secret);
    this.counter = 0;
  }

  private derive(secret: Uint8Array): [Buffer, Buffer] {
    const bytes = Buffer.from(hkdfSync('sha256', secret, this.salt, NO_BYTES, 64));
    return [bytes.subarray(0, 32), bytes.subarray(32)];
  }
}

function requireKey(bytes: Uint8Array | null | undefined, name: string): Buffer {
  if (bytes?.length !== 32) throw new Error(`the client's ${name} key is not 32 bytes long`);
  return Buffer.from(bytes);
}

function nonce(counter: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(counter, 8);
  return bytes;
}
