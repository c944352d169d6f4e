import type { Restriction } from '../whatsapp/whatsapp-signals.js';
import type { NetworkProxy } from '../whatsapp/whatsapp.gateway.js';
import type { WebhookWish } from '../webhooks/store/webhook-wish.js';
import type { InstanceEntity } from './instance.entity.js';

export type ProxyProtocol = NetworkProxy['protocol'];
export const PROXY_PROTOCOLS = ['http', 'https', 'socks5'] as const satisfies readonly ProxyProtocol[];

/** What the owner of an instance can tune. */
export type InstanceSettings = Pick<
  InstanceEntity,
  | 'autoRejectCalls'
  | 'callRejectMessage'
  | 'keepOnlineStatus'
  | 'maxConcurrentCalls'
  | 'minSecondsBetweenCalls'
  | 'numberCooldownSeconds'
>;

/** A proxy as it is asked for: it replaces the one before. */
export interface ProxyWish {
  readonly enabled: boolean;
  readonly protocol: ProxyProtocol | null;
  readonly host: string | null;
  /** TCP port, 1–65535. */
  readonly port: number | null;
  readonly username: string | null;
  /** `undefined` = keep the stored one, which works only while host, port, protocol and username stay the same. */
  readonly password: string | null | undefined;
}

interface WebSocketWish {
  readonly enabled: boolean;
  readonly events: readonly string[];
}

/** An instance that is asked for; what is `undefined` was not given. */
export interface InstanceDraft {
  readonly name: string;
  /** Own TokenInstance instead of a random one. */
  readonly token: string | undefined;
  readonly settings: Partial<InstanceSettings>;
  readonly proxy: ProxyWish | undefined;
  readonly webhook: WebhookWish | undefined;
  readonly websocket: WebSocketWish | undefined;
}

/** An instance as other features see it, resolved once for each request. */
export interface InstanceRef {
  readonly id: string;
  readonly accountId: string;
  readonly name: string;
  /** A phone is linked: when there is no session, one is opened without being asked for. */
  readonly isLinked: boolean;
  /** 1–100. */
  readonly maxConcurrentCalls: number;
  /** 0 = no pause is needed. */
  readonly minSecondsBetweenCalls: number;
  /** 0 = a number may be called again at once. */
  readonly numberCooldownSeconds: number;
  /** A restriction by WhatsApp, which may be over; `null` when there is none. */
  readonly restriction: Restriction | null;
}

export function toInstanceRef(instance: InstanceEntity): InstanceRef {
  return {
    id: instance.id,
    accountId: instance.accountId,
    name: instance.name,
    isLinked: instance.numberJid !== null && instance.status !== 'loggedout',
    maxConcurrentCalls: instance.maxConcurrentCalls,
    minSecondsBetweenCalls: instance.minSecondsBetweenCalls,
    numberCooldownSeconds: instance.numberCooldownSeconds,
    restriction: restrictionOf(instance),
  };
}

export function restrictionOf({
  restricted,
  restrictedUntil,
  contactsSparedFrom,
}: Pick<InstanceEntity, 'restricted' | 'restrictedUntil' | 'contactsSparedFrom'>): Restriction | null {
  if (!restricted || restrictedUntil === null) return null;
  return { until: restrictedUntil, contactsFrom: contactsSparedFrom };
}
