import { PNG } from 'pngjs';
import jsQR from 'jsqr';
import {
  toConnectAnswer,
  toInstanceCreated,
  toInstancesFound,
  toProxyView,
  toTokenRotated,
} from '../../../src/instances/instance.views.js';
import { WebhookEntity } from '../../../src/webhooks/store/webhook.entity.js';
import { instanceRow } from './support/instance-row.js';

describe('answers about instances', () => {
  it('show the token of a new instance, once', () => {
    const created = { instance: instanceRow(), token: 'rdi_x', webhookSecret: null };
    expect(JSON.stringify(toInstanceCreated(created))).toBe(
      '{"success":true,"message":"Instance created","instance":{"id":"f7c1b1a4-7f0e-4a57-9d0c-0a3f3f1f5b11",' +
        '"name":"shop","token":"rdi_x","status":"disconnected","createdAt":"2026-01-31T12:00:00.000Z"}}',
    );
  });

  it('show the signing secret of the webhook that a new instance came with', () => {
    const created = { instance: instanceRow(), token: 'rdi_x', webhookSecret: 'whsec_x' };
    expect(toInstanceCreated(created).webhook).toEqual({ label: 'default', secret: 'whsec_x' });
  });

  it('show the new token after a rotation', () => {
    expect(toTokenRotated({ instance: instanceRow(), token: 'rdi_y' })).toEqual({
      success: true,
      message: 'Token rotated',
      instance: { id: 'f7c1b1a4-7f0e-4a57-9d0c-0a3f3f1f5b11', name: 'shop', token: 'rdi_y' },
    });
  });

  it('show a QR code that a camera reads', async () => {
    const payload = `2@${'Ab3/'.repeat(50)}=`;
    const answer = await toConnectAnswer({ kind: 'qr', qr: payload });
    if (answer.status !== 'qr') throw new TypeError('It is no QR code');
    expect(answer).toMatchObject({ success: true, message: 'QR code generated', qrCode: payload });
    const [head, data = ''] = answer.qrCodeBase64.split(',');
    expect(head).toBe('data:image/png;base64');
    const { data: pixels, width, height } = PNG.sync.read(Buffer.from(data, 'base64'));
    const camera = jsQR as unknown as typeof jsQR.default;
    expect(camera(new Uint8ClampedArray(pixels), width, height)?.data).toBe(payload);
  });

  it('show a pairing code, or that nothing has to be done', async () => {
    expect(await toConnectAnswer({ kind: 'code', code: 'ABCD1234' })).toEqual({
      success: true,
      message: 'Pairing code generated',
      pairingCode: 'ABCD1234',
      status: 'pairing',
    });
    expect(await toConnectAnswer({ kind: 'connected' })).toEqual({
      success: true,
      message: 'Instance already connected',
      status: 'connected',
    });
  });

  it.each([
    [0, '0 Instances found'],
    [1, '1 Instance found'],
    [2, '2 Instances found'],
  ])('count %d in words', (total, message) => {
    const rows = Array.from({ length: total }, () => ({ instance: instanceRow(), webhooks: [] }));
    const meta = { total, nextCursor: null };
    expect(toInstancesFound({ rows, ...meta })).toMatchObject({ success: true, message, meta });
  });

  it('count what is on all pages', () => {
    const rows = [{ instance: instanceRow(), webhooks: [] }];
    expect(toInstancesFound({ rows, total: 900, nextCursor: 'YQ' })).toMatchObject({
      message: '900 Instances found',
      meta: { total: 900, nextCursor: 'YQ' },
    });
  });

  it('list everything about an instance but its secrets', () => {
    const instance = instanceRow({
      status: 'connected',
      numberJid: '5511999999999@s.whatsapp.net',
      profileName: 'My shop',
      lastDisconnectCode: 428,
      lastDisconnectReason: 'Connection was closed',
      lastDisconnectAt: new Date('2026-01-30T00:00:00.000Z'),
      restricted: true,
      restrictedUntil: new Date('2026-02-01T00:00:00.000Z'),
      proxyEnabled: true,
      proxyProtocol: 'socks5',
      proxyHost: 'proxy.example.com',
      proxyPort: 1080,
      proxyUsername: 'user',
      proxyPassword: Buffer.from('sealed'),
    });
    const webhook = Object.assign(new WebhookEntity(), {
      id: 'w',
      instanceId: instance.id,
      label: 'default',
      enabled: true,
      url: 'https://example.com/hook',
      authorizationValue: Buffer.from('sealed'),
      byEvents: false,
      events: ['call.update'],
    });
    expect(
      toInstancesFound({ rows: [{ instance, webhooks: [webhook] }], total: 1, nextCursor: null }).instances,
    ).toEqual([
      {
        id: instance.id,
        name: 'shop',
        status: 'connected',
        numberJid: '5511999999999@s.whatsapp.net',
        createdAt: '2026-01-31T12:00:00.000Z',
        updatedAt: '2026-01-31T12:00:00.500Z',
        connection: {
          state: 'connected',
          numberJid: '5511999999999@s.whatsapp.net',
          lastDisconnect: { code: 428, reason: 'Connection was closed', at: '2026-01-30T00:00:00.000Z' },
          restrictedUntil: '2026-02-01T00:00:00.000Z',
        },
        profile: { name: 'My shop' },
        webhooks: [
          {
            label: 'default',
            enabled: true,
            url: 'https://example.com/***',
            byEvents: false,
            events: ['call.update'],
          },
        ],
        websocket: { enabled: false, events: [] },
        proxy: {
          enabled: true,
          host: 'proxy.example.com',
          port: '1080',
          protocol: 'socks5',
          username: 'user',
        },
        settings: {
          autoRejectCalls: false,
          callRejectMessage: '',
          keepOnlineStatus: false,
          maxConcurrentCalls: 100,
          minSecondsBetweenCalls: 0,
          numberCooldownSeconds: 0,
        },
      },
    ]);
  });

  it('show a proxy that was never set', () => {
    expect(toProxyView(instanceRow())).toEqual({
      enabled: false,
      host: null,
      port: null,
      protocol: null,
      username: null,
    });
  });
});
