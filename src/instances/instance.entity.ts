import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { NetworkProxy } from '../whatsapp/whatsapp.gateway.js';
import type { InstanceStatus } from './instance-state.js';

/** One WhatsApp account of a tenant, with all its configuration. */
@Entity('instances')
export class InstanceEntity {
  @PrimaryColumn({ name: 'id', type: 'uuid' })
  id: string;

  @Column({ name: 'account_id', type: 'uuid' })
  accountId: string;

  @Column({ name: 'name', type: 'text' })
  name: string;

  @Column({ name: 'status', type: 'text', default: 'disconnected' })
  status: InstanceStatus;

  /** Phone that is or was linked, without its device number; kept after a logout for display. */
  @Column({ name: 'number_jid', type: 'text', nullable: true })
  numberJid: string | null;

  @Column({ name: 'profile_name', type: 'text', nullable: true })
  profileName: string | null;

  /** When a phone consented to be linked; kept after a logout. */
  @Column({ name: 'last_linked_at', type: 'timestamptz', precision: 3, nullable: true })
  lastLinkedAt: Date | null;

  /** Calls let in so far. Whoever lets one in compares it with what he saw before he looked at the traffic. */
  @Column({ name: 'admissions', type: 'bigint', default: 0, select: false })
  admissions?: string;

  @Column({ name: 'last_disconnect_code', type: 'integer', nullable: true })
  lastDisconnectCode: number | null;

  @Column({ name: 'last_disconnect_reason', type: 'text', nullable: true })
  lastDisconnectReason: string | null;

  @Column({ name: 'last_disconnect_at', type: 'timestamptz', precision: 3, nullable: true })
  lastDisconnectAt: Date | null;

  /** WhatsApp limits what the account may do. */
  @Column({ name: 'restricted', type: 'boolean', default: false })
  restricted: boolean;

  /** End of the restriction; `null` when there is none. */
  @Column({ name: 'restricted_until', type: 'timestamptz', precision: 3, nullable: true })
  restrictedUntil: Date | null;

  /** From this time on the restriction spares contacts whose trust token is held; `null`: it does not. */
  @Column({ name: 'contacts_spared_from', type: 'timestamptz', precision: 3, nullable: true })
  contactsSparedFrom: Date | null;

  @Column({ name: 'auto_reject_calls', type: 'boolean', default: false })
  autoRejectCalls: boolean;

  @Column({ name: 'call_reject_message', type: 'text', default: '' })
  callRejectMessage: string;

  @Column({ name: 'keep_online_status', type: 'boolean', default: false })
  keepOnlineStatus: boolean;

  @Column({ name: 'max_concurrent_calls', type: 'smallint', default: 100 })
  maxConcurrentCalls: number;

  @Column({ name: 'min_seconds_between_calls', type: 'integer', default: 0 })
  minSecondsBetweenCalls: number;

  @Column({ name: 'number_cooldown_seconds', type: 'integer', default: 0 })
  numberCooldownSeconds: number;

  @Column({ name: 'proxy_enabled', type: 'boolean', default: false })
  proxyEnabled: boolean;

  @Column({ name: 'proxy_protocol', type: 'text', nullable: true })
  proxyProtocol: NetworkProxy['protocol'] | null;

  @Column({ name: 'proxy_host', type: 'text', nullable: true })
  proxyHost: string | null;

  @Column({ name: 'proxy_port', type: 'integer', nullable: true })
  proxyPort: number | null;

  @Column({ name: 'proxy_username', type: 'text', nullable: true })
  proxyUsername: string | null;

  /** Sealed, see `proxyPasswordContext`. */
  @Column({ name: 'proxy_password', type: 'bytea', nullable: true })
  proxyPassword: Buffer | null;

  /** `null` = the WebSocket was never configured. */
  @Column({ name: 'websocket_enabled', type: 'boolean', nullable: true })
  websocketEnabled: boolean | null;

  @Column({ name: 'websocket_events', type: 'text', array: true, default: [] })
  websocketEvents: string[];

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  createdAt: Date;

  @Column({ name: 'updated_at', type: 'timestamptz', precision: 3, default: () => 'now()' })
  updatedAt: Date;
}
