import type { SessionSignal } from '../whatsapp/whatsapp-signals.js';
import type { InstanceEntity } from './instance.entity.js';

export type SignalColumns = Partial<
  Pick<
    InstanceEntity,
    | 'numberJid'
    | 'profileName'
    | 'lastDisconnectCode'
    | 'lastDisconnectReason'
    | 'lastDisconnectAt'
    | 'restricted'
    | 'restrictedUntil'
    | 'contactsSparedFrom'
    | 'lastLinkedAt'
  >
>;

const UNRESTRICTED = { restricted: false, restrictedUntil: null, contactsSparedFrom: null };

/** What a signal changes in the row of its instance, apart from the status. */
export function columnsOf(signal: SessionSignal, before: Pick<InstanceEntity, 'numberJid'>): SignalColumns {
  switch (signal.type) {
    case 'qr_ready':
    case 'connecting':
      return {};
    case 'paired':
      return { ...phoneColumns(signal.jid, null, before), lastLinkedAt: signal.at };
    case 'connected':
      return phoneColumns(signal.jid, signal.name && storable(signal.name), before);
    case 'disconnected':
    case 'passkey_required':
    case 'logged_out':
      return {
        lastDisconnectCode: signal.code,
        lastDisconnectReason: storable(signal.reason),
        lastDisconnectAt: signal.at,
      };
    case 'restricted':
      return {
        restricted: true,
        restrictedUntil: signal.until,
        contactsSparedFrom: signal.contactsFrom,
      };
    case 'unrestricted':
      return UNRESTRICTED;
  }
}

/** A known name survives a login that does not tell it; name and restriction of another phone do not. */
function phoneColumns(
  jid: string,
  name: string | null,
  before: Pick<InstanceEntity, 'numberJid'>,
): SignalColumns {
  const numberJid = withoutDevice(jid);
  if (numberJid === before.numberJid) return name === null ? {} : { profileName: name };
  return { numberJid, profileName: name, ...UNRESTRICTED };
}

/** `5511999999999:12@s.whatsapp.net` names our own device of the account; the account is what is shown. */
export function withoutDevice(jid: string): string {
  return jid.replace(/:\d+@/, '@');
}

/** PostgreSQL takes every character in a text but NUL. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '');
}
