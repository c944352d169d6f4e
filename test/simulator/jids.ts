import { createHash } from 'node:crypto';

export const USER_SERVER = 's.whatsapp.net';
/** Device id of a Business account that is hosted by Meta; it can receive messages but no calls. */
export const HOSTED_DEVICE = 99;

export interface JidParts {
  readonly user: string;
  readonly device: number;
  readonly server: string;
}

/** `undefined` for anything that is not `user[:device]@server`. */
export function parseJid(jid: string | undefined): JidParts | undefined {
  const match = /^([^@:]+)(?::(\d+))?@(.+)$/.exec(jid ?? '');
  const [, user, device, server] = match ?? [];
  if (user === undefined || server === undefined) return undefined;
  return { user, device: device === undefined ? 0 : Number(device), server };
}

/** Phone number JID; the primary device (0) has no suffix. */
export function phoneJid(number: string, device = 0): string {
  return `${number}${device === 0 ? '' : `:${device}`}@${USER_SERVER}`;
}

/** LID JID; the primary device (0) has no suffix, the hosted device lives on its own server. */
export function lidJid(lid: string, device = 0): string {
  if (device === 0) return `${lid}@lid`;
  return `${lid}:${device}@${device === HOSTED_DEVICE ? 'hosted.lid' : 'lid'}`;
}

/** Fifteen digits, the same for the same number in every process. */
export function derivedLid(number: string): string {
  const digest = createHash('sha256').update(`lid of ${number}`).digest();
  return String(100_000_000_000_000n + (digest.readBigUInt64BE(0) % 900_000_000_000_000n));
}

/**
 * The codec reads `user:0@lid` and `user@lid` as the same string although they differ on the wire (device form against plain
 * pair), so the bytes tell: device form (247), LID domain (1), device 0, digits packed as nibbles (255).
 */
export function hasZeroDeviceLid(stanzaBytes: Buffer): boolean {
  return stanzaBytes.includes(Buffer.from([247, 1, 0, 255]));
}

/** A country code, which begins with no 0, and what follows it: ITU-T E.164. */
export function isPossibleNumber(digits: string): boolean {
  return /^[1-9]\d{6,14}$/.test(digits);
}
