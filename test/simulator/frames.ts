import { NOISE_WA_HEADER } from '@whiskeysockets/baileys';

/** The largest stanza of a client, the first upload of 812 pre-keys, is about 40 KB. */
const MAX_FRAME_BYTES = 1 << 20;
const ROUTING_PREFIX = Buffer.from([0x45, 0x44, 0x00, 0x01]); // "ED" 00 01, then a 3-byte length and the routing info
const LENGTH_BYTES = 3;

/**
 * Cuts the byte stream of one client into frames. A WebSocket message is not a frame: one may carry half of it or several.
 * Throws on a wrong prologue and on a frame over the limit.
 */
export class FrameReader {
  private buffered = Buffer.alloc(0);
  private prologueRead = false;

  push(bytes: Buffer): Buffer[] {
    this.buffered = Buffer.concat([this.buffered, bytes]);
    if (!this.prologueRead && !this.readPrologue()) return [];
    const frames: Buffer[] = [];
    while (this.buffered.length >= LENGTH_BYTES) {
      const size = this.buffered.readUIntBE(0, LENGTH_BYTES);
      if (size > MAX_FRAME_BYTES) throw new Error(`frame of ${size} bytes is over the limit`);
      if (this.buffered.length < LENGTH_BYTES + size) break;
      frames.push(this.buffered.subarray(LENGTH_BYTES, LENGTH_BYTES + size));
      this.buffered = this.buffered.subarray(LENGTH_BYTES + size);
    }
    return frames;
  }

  private readPrologue(): boolean {
    let start = 0;
    if (startsLike(this.buffered, ROUTING_PREFIX)) {
      const headBytes = ROUTING_PREFIX.length + LENGTH_BYTES;
      if (this.buffered.length < headBytes) return false;
      start = headBytes + this.buffered.readUIntBE(ROUTING_PREFIX.length, LENGTH_BYTES);
      if (start > MAX_FRAME_BYTES) throw new Error('routing info is over the limit');
    }
    const header = this.buffered.subarray(start, start + NOISE_WA_HEADER.length);
    if (!startsLike(header, NOISE_WA_HEADER))
      throw new Error('the connection does not start with the header WA 06 03');
    if (header.length < NOISE_WA_HEADER.length) return false;
    this.buffered = this.buffered.subarray(start + NOISE_WA_HEADER.length);
    this.prologueRead = true;
    return true;
  }
}

/** One frame as the server writes it: length and payload, never a header. */
export function frame(payload: Uint8Array): Buffer {
  const head = Buffer.alloc(LENGTH_BYTES);
  head.writeUIntBE(payload.length, 0, LENGTH_BYTES);
  return Buffer.concat([head, payload]);
}

/** True as long as the bytes that are there agree with the prefix. */
function startsLike(bytes: Buffer, prefix: Buffer): boolean {
  const length = Math.min(bytes.length, prefix.length);
  return bytes.subarray(0, length).equals(prefix.subarray(0, length));
}
