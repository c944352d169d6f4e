import { randomBytes } from 'node:crypto';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { callFrom, freshStanzaId } from './call-stanzas.js';
import type { CallSwitch } from './call-switch.js';
import { phoneJid } from './jids.js';
import type { IncomingCall } from './types.js';
import type { World } from './world.js';

const PRE_KEY_MESSAGE_BYTES = 177;

/** A contact calls a linked account, or hangs up again. Returns the call-id. */
export function placeIncomingCall(
  world: World,
  callSwitch: CallSwitch,
  number: string,
  incoming: IncomingCall,
): string {
  const caller = world.directory.find(incoming.from);
  if (!caller || caller.lid === null) throw new Error(`${incoming.from} is no contact with a LID`);
  const sessions = world.sessions.ofNumber(number);
  if (sessions.length === 0) throw new Error(`${number} has no session to call`);
  const creator = caller.deviceLid(incoming.device ?? 0);
  const callId = incoming.callId ?? `00${randomBytes(15).toString('hex').toUpperCase()}`;
  callSwitch.expectAnswersTo(callId, creator);
  const child = callChild(incoming, {
    'call-id': callId,
    'call-creator': creator,
    ...(incoming.kind !== 'terminate' && !incoming.hidesNumber && { caller_pn: phoneJid(caller.number) }),
    ...(incoming.kind !== 'terminate' && incoming.isGroup && { type: 'group' }),
  });
  const replay: Record<string, string> = incoming.isOffline ? { offline: '0' } : {};
  for (const session of sessions) session.send(callFrom(creator, freshStanzaId(), child, replay));
  return callId;
}

function callChild({ kind, reason, isVideo }: IncomingCall, attrs: Record<string, string>): BinaryNode {
  switch (kind) {
    case 'terminate':
      return { tag: kind, attrs: reason === undefined ? attrs : { ...attrs, reason } };
    case 'offer_notice':
      return { tag: kind, attrs: { ...attrs, media: isVideo ? 'video' : 'audio' } };
    case 'offer':
      return incomingOffer(attrs, isVideo ?? false);
  }
}

function incomingOffer(attrs: Record<string, string>, isVideo: boolean): BinaryNode {
  const video = { tag: 'video', attrs: { enc: 'h.264', dec: 'H264', device_orientation: '0' } };
  return {
    tag: 'offer',
    attrs,
    content: [
      { tag: 'audio', attrs: { enc: 'opus', rate: '8000' } },
      { tag: 'audio', attrs: { enc: 'opus', rate: '16000' } },
      ...(isVideo ? [video] : []),
      { tag: 'net', attrs: { medium: '3' } },
      {
        tag: 'enc',
        attrs: { v: '2', type: 'pkmsg', count: '0' },
        content: randomBytes(PRE_KEY_MESSAGE_BYTES),
      },
      { tag: 'encopt', attrs: { keygen: '2' } },
    ],
  };
}
