import type { LinkOffer } from '../whatsapp/whatsapp.gateway.js';
import type { AlreadyConnected } from './dto/already-connected.dto.js';
import type { ConnectionView } from './dto/connection-view.dto.js';
import type { InstanceCreated } from './dto/instance-created.dto.js';
import type { InstanceItem } from './dto/instance-item.dto.js';
import type { InstancesFound } from './dto/instances-found.dto.js';
import type { PairingCodeGenerated } from './dto/pairing-code-generated.dto.js';
import type { ProxyView } from './dto/proxy-view.dto.js';
import type { QrCodeGenerated } from './dto/qr-code-generated.dto.js';
import type { SettingsView } from './dto/settings-view.dto.js';
import type { TokenRotated } from './dto/token-rotated.dto.js';
import { DEFAULT_WEBHOOK_LABEL } from '../webhooks/store/webhook-values.js';
import type { InstanceEntity } from './instance.entity.js';
import type { InstanceListing, InstancePage, InstanceWithToken, NewInstance } from './instances.service.js';
import { qrPicture } from './qr-picture.js';
import { shownUrl } from '../webhooks/store/webhook-url.js';

export function toInstanceCreated({ instance, token, webhookSecret }: NewInstance): InstanceCreated {
  const { id, name, createdAt } = instance;
  return {
    success: true,
    message: 'Instance created',
    instance: { id, name, token, status: 'disconnected', createdAt: createdAt.toISOString() },
    ...(webhookSecret !== null && { webhook: { label: DEFAULT_WEBHOOK_LABEL, secret: webhookSecret } }),
  };
}

export function toTokenRotated({ instance: { id, name }, token }: InstanceWithToken): TokenRotated {
  return { success: true, message: 'Token rotated', instance: { id, name, token } };
}

export async function toConnectAnswer(
  offer: LinkOffer,
): Promise<QrCodeGenerated | PairingCodeGenerated | AlreadyConnected> {
  switch (offer.kind) {
    case 'qr':
      return {
        success: true,
        message: 'QR code generated',
        qrCode: offer.qr,
        qrCodeBase64: `data:image/png;base64,${(await qrPicture(offer.qr)).toString('base64')}`,
        status: 'qr',
      };
    case 'code':
      return {
        success: true,
        message: 'Pairing code generated',
        pairingCode: offer.code,
        status: 'pairing',
      };
    case 'connected':
      return { success: true, message: 'Instance already connected', status: 'connected' };
  }
}

export function toInstancesFound({ rows, total, nextCursor }: InstancePage): InstancesFound {
  return {
    success: true,
    message: total === 1 ? '1 Instance found' : `${total} Instances found`,
    instances: rows.map(toInstanceItem),
    meta: { total, nextCursor },
  };
}

function toInstanceItem({ instance, webhooks }: InstanceListing): InstanceItem {
  return {
    id: instance.id,
    name: instance.name,
    status: instance.status,
    numberJid: instance.numberJid,
    createdAt: instance.createdAt.toISOString(),
    updatedAt: instance.updatedAt.toISOString(),
    connection: toConnectionView(instance),
    profile: { name: instance.profileName },
    webhooks: webhooks.map((webhook) => ({
      label: webhook.label,
      enabled: webhook.enabled,
      url: shownUrl(webhook),
      byEvents: webhook.byEvents,
      events: webhook.events,
    })),
    websocket: { enabled: instance.websocketEnabled ?? false, events: instance.websocketEvents },
    proxy: toProxyView(instance),
    settings: toSettingsView(instance),
  };
}

function toConnectionView(instance: InstanceEntity): ConnectionView {
  const { lastDisconnectAt: at, lastDisconnectCode: code, lastDisconnectReason: reason } = instance;
  return {
    state: instance.status,
    numberJid: instance.numberJid,
    lastDisconnect:
      at === null || code === null ? null : { code, reason: reason ?? '', at: at.toISOString() },
    restrictedUntil: instance.restrictedUntil?.toISOString() ?? null,
  };
}

/** The port is text, as clients of this route family know it. */
export function toProxyView(instance: InstanceEntity): ProxyView {
  return {
    enabled: instance.proxyEnabled,
    host: instance.proxyHost,
    port: instance.proxyPort === null ? null : String(instance.proxyPort),
    protocol: instance.proxyProtocol,
    username: instance.proxyUsername,
  };
}

export function toSettingsView(instance: InstanceEntity): SettingsView {
  return {
    autoRejectCalls: instance.autoRejectCalls,
    callRejectMessage: instance.callRejectMessage,
    keepOnlineStatus: instance.keepOnlineStatus,
    maxConcurrentCalls: instance.maxConcurrentCalls,
    minSecondsBetweenCalls: instance.minSecondsBetweenCalls,
    numberCooldownSeconds: instance.numberCooldownSeconds,
  };
}
