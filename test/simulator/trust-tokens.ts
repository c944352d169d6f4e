import { randomBytes } from 'node:crypto';
import type { BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedCompanion } from './account.js';
import { freshStanzaId } from './call-stanzas.js';
import type { Directory } from './directory.js';
import { parseJid } from './jids.js';
import { epochSeconds } from './nodes.js';
import type { World } from './world.js';

const TOKEN_BYTES = 16;
/** How wrong the clock of a client may be, seconds. */
const CLOCK_SKEW_SECONDS = 300;

/** Takes a token that a companion issues to somebody; a text tells what is wrong with it. */
export function takeIssuedToken(
  { tag, attrs }: BinaryNode,
  { account, device }: LinkedCompanion,
  directory: Directory,
): string | undefined {
  const parts = parseJid(attrs.jid);
  const to = directory.findByJid(attrs.jid);
  const t = Number(attrs.t);
  if (tag !== 'token' || attrs.type !== 'trusted_contact' || parts?.device !== 0 || !to) {
    return 'privacy tokens are incomplete';
  }
  if (!Number.isInteger(t) || Math.abs(t - Number(epochSeconds())) > CLOCK_SKEW_SECONDS) {
    return `a privacy token is dated ${attrs.t ?? 'never'}`;
  }
  account.issuedTokens.push({ device: device.id, to: to.number, t });
  return undefined;
}

/**
 * A contact issues a trusted-contact token to a linked account, as phones do when they write to or call somebody. Returns the
 * token; an offer to that contact may carry it as `<privacy>` from now on, and no other.
 */
export function issueTrustToken(
  world: World,
  number: string,
  from: string,
  issuedAtSeconds?: number,
): Buffer {
  const contact = world.directory.find(from);
  if (!contact || contact.lid === null) throw new Error(`${from} is no contact with a LID`);
  const token = randomBytes(TOKEN_BYTES);
  const before = contact.trustTokens.get(number);
  if (before) contact.replacedTokens.push(before);
  contact.trustTokens.set(number, token);
  const t = issuedAtSeconds === undefined ? epochSeconds() : String(issuedAtSeconds);
  for (const session of world.sessions.ofNumber(number)) {
    const device = session.companion;
    if (!device) continue;
    session.send({
      tag: 'notification',
      attrs: {
        from: contact.jid,
        type: 'privacy_token',
        id: freshStanzaId(),
        t: epochSeconds(),
        sender_lid: contact.deviceLid(0),
      },
      content: [
        {
          tag: 'tokens',
          attrs: {},
          content: [
            {
              tag: 'token',
              attrs: { jid: device.account.jid, t, type: 'trusted_contact' },
              content: token,
            },
          ],
        },
      ],
    });
  }
  return token;
}
