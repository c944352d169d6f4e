import { jidDecode, jidEncode } from '@whiskeysockets/baileys';

/** Business "coexistence" devices of the cloud API: they answer every offer with `uncallable`. */
const HOSTED_DEVICE = 99;

/** Device number of a JID; the primary, written without one, is 0. */
export function deviceOf(jid: string): number {
  return jidDecode(jid)?.device ?? 0;
}

export function userOf(jid: string): string {
  return jidDecode(jid)?.user ?? '';
}

/** Compares as (user, device ?? 0): `1@lid` and `1:0@lid` are the same device. */
export function isSameDevice(one: string, other: string): boolean {
  return userOf(one) === userOf(other) && deviceOf(one) === deviceOf(other);
}

/** Canonical form of a device LID: the primary without a suffix, as the official client writes it. */
export function deviceLid(jid: string): string {
  return jidEncode(userOf(jid), 'lid', deviceOf(jid) || undefined);
}

export function isHosted(jid: string): boolean {
  return deviceOf(jid) === HOSTED_DEVICE || jid.endsWith('@hosted.lid') || jid.endsWith('@hosted');
}
