import type { NewsTopic } from '../cluster/node-news.js';
import { date, dateOrNull, fieldsOf, number, text, textOrNull } from '../cluster/wire-values.js';
import type { SessionSignal } from '../whatsapp/whatsapp-signals.js';

/** What a session told; for the pages that show it. */
export const SESSION_TOLD: NewsTopic<SessionSignal> = { name: 'session.told', parse: parseSignal };

/** An instance is gone. Carries its id. */
export const INSTANCE_GONE: NewsTopic<string> = { name: 'instance.gone', parse: text };

function parseSignal(value: unknown): SessionSignal {
  const { type, instanceId, at, qr, jid, name, code, reason, retryAt, until, contactsFrom, cause } =
    fieldsOf(value);
  const common = { instanceId: text(instanceId), at: date(at) };
  switch (type) {
    case 'qr_ready':
      return { ...common, type, qr: text(qr) };
    case 'paired':
      return { ...common, type, jid: text(jid) };
    case 'connecting':
    case 'unrestricted':
      return { ...common, type };
    case 'connected':
      return { ...common, type, jid: text(jid), name: textOrNull(name) };
    case 'disconnected':
      return {
        ...common,
        type,
        code: number(code),
        reason: text(reason),
        retryAt: dateOrNull(retryAt),
        ...(cause === 'link_code_expired' && { cause }),
      };
    case 'passkey_required':
    case 'logged_out':
      return { ...common, type, code: number(code), reason: text(reason) };
    case 'restricted':
      // A process of an earlier release does not send it.
      return { ...common, type, until: date(until), contactsFrom: dateOrNull(contactsFrom ?? null) };
    default:
      throw new TypeError('No signal of a session');
  }
}
