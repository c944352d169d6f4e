import type { BinaryNode } from '@whiskeysockets/baileys';
import type { Account } from './account.js';
import { freshStanzaId } from './call-stanzas.js';
import { epochSeconds } from './nodes.js';
import type { ReachoutNotice } from './types.js';

/** What the server answers to the question for the reach-out time-lock, and tells by itself. */
export function reachoutLock(account: Account): Record<string, unknown> {
  const isActive = account.isReachoutLocked;
  return {
    is_active: isActive,
    time_enforcement_ends: isActive ? String(account.reachoutLockedUntil) : '0',
    enforcement_type: isActive ? 'RESTRICT_ALL_COMPANIONS' : 'DEFAULT',
  };
}

/** The notice that the lock began or ended, in the form of WhatsApp Web 2026 builds. */
export function reachoutNotice(account: Account, form: ReachoutNotice): BinaryNode {
  const { time_enforcement_ends, ...rest } = reachoutLock(account);
  const lock = { complete: { ...rest, time_enforcement_ends }, 'without-end': rest, empty: {} }[form];
  const data = { xwa2_notify_account_reachout_timelock: lock };
  return {
    tag: 'notification',
    attrs: { from: 's.whatsapp.net', type: 'mex', id: freshStanzaId(), t: epochSeconds() },
    content: [
      {
        tag: 'update',
        attrs: { op_name: 'NotificationUserReachoutTimelockUpdate' },
        content: Buffer.from(JSON.stringify({ data }), 'utf8'),
      },
    ],
  };
}
