import { InstanceEntity } from '../../../../src/instances/instance.entity.js';

/** A row as the database makes it, with changes. */
export function instanceRow(changes: Partial<InstanceEntity> = {}): InstanceEntity {
  return Object.assign(new InstanceEntity(), {
    id: 'f7c1b1a4-7f0e-4a57-9d0c-0a3f3f1f5b11',
    accountId: '0b8a2a5e-57b6-4d0a-8d0c-2a3f3f1f5b22',
    name: 'shop',
    status: 'disconnected',
    numberJid: null,
    profileName: null,
    lastLinkedAt: null,
    lastDisconnectCode: null,
    lastDisconnectReason: null,
    lastDisconnectAt: null,
    restricted: false,
    restrictedUntil: null,
    contactsSparedFrom: null,
    autoRejectCalls: false,
    callRejectMessage: '',
    keepOnlineStatus: false,
    maxConcurrentCalls: 100,
    minSecondsBetweenCalls: 0,
    numberCooldownSeconds: 0,
    proxyEnabled: false,
    proxyProtocol: null,
    proxyHost: null,
    proxyPort: null,
    proxyUsername: null,
    proxyPassword: null,
    websocketEnabled: null,
    websocketEvents: [],
    createdAt: new Date('2026-01-31T12:00:00.000Z'),
    updatedAt: new Date('2026-01-31T12:00:00.500Z'),
    ...changes,
  } satisfies InstanceEntity);
}
