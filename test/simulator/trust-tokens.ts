import { randomBytes } from 'node:crypto';
import { freshStanzaId } from './call-stanzas.js';
import { epochSeconds } from './nodes.js';
import type { World } from './world.js';

const TOKEN_BYTES = 16;

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
