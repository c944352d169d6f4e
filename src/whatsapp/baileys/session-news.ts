import type { SessionSignal, WhatsAppSignal } from '../whatsapp-signals.js';

/** A signal without the instance and the time, which only the gateway knows. */
export type WithoutOrigin<T extends WhatsAppSignal> = T extends WhatsAppSignal
  ? Omit<T, 'instanceId' | 'at'>
  : never;

/** What a session tells its gateway; restrictions are found out from what calls and notices say. */
export type SessionNews = WithoutOrigin<
  Exclude<SessionSignal, { readonly type: 'restricted' | 'unrestricted' }>
>;
