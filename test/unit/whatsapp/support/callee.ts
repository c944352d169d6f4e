import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Ring } from '../../../../src/whatsapp/whatsapp.gateway.js';

export const PHONE = '200000000000001@lid';
export const WEB = '200000000000001:12@lid';
export const DESKTOP = '200000000000001:34@lid';
/** One that nobody knows of when the offer leaves. */
export const TABLET = '200000000000001:56@lid';
export const CREATOR = '100000000000001:7@lid';
export const CALL_ID = '00C28E4F1A2B3C4D5E6F708192A3B4C5';

/** A ring of these devices; by default the offer has a key for each. */
export function ringOf(
  devices: readonly string[],
  callId = CALL_ID,
  offered: readonly string[] | undefined = devices,
): Ring {
  return { callId, creator: CREATOR, devices, offered, offerStanzaId: `offer-of-${callId}` };
}

/** What a device of the callee sends about a call. */
export function says(from: string, tag: string, reason?: string, callId = CALL_ID): BinaryNode {
  const attrs = { 'call-id': callId, 'call-creator': CREATOR, ...(reason && { reason }) };
  return { tag: 'call', attrs: { from, id: 'callee-1', t: '1767225600' }, content: [{ tag, attrs }] };
}
