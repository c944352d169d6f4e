import { ApiProperty } from '@nestjs/swagger';
import { INSTANCE_STATUSES, type InstanceStatus } from '../instance-state.js';
import { SettingsView } from './settings-view.dto.js';
import { ProxyView } from './proxy-view.dto.js';
import { ConnectionView } from './connection-view.dto.js';
import { ProfileView } from './profile-view.dto.js';
import { InstanceWebhookView } from './instance-webhook-view.dto.js';
import { InstanceWebSocketView } from './instance-websocket-view.dto.js';

export class InstanceItem {
  @ApiProperty({
    description: 'Id, stable for the life of the instance',
    format: 'uuid',
    example: 'f7c1b1a4-7f0e-4a57-9d0c-0a3f3f1f5b11',
  })
  id: string;

  @ApiProperty({ description: 'Name, unique in the account', example: 'shop' })
  name: string;

  @ApiProperty({ description: 'Same as `connection.state`', enum: INSTANCE_STATUSES, example: 'connected' })
  status: InstanceStatus;

  @ApiProperty({
    description: 'Same as `connection.numberJid`',
    type: String,
    nullable: true,
    example: '5511999999999@s.whatsapp.net',
  })
  numberJid: string | null;

  @ApiProperty({
    description: 'When it was created',
    format: 'date-time',
    example: '2026-01-31T12:00:00.000Z',
  })
  createdAt: string;

  @ApiProperty({
    description: 'When it last changed',
    format: 'date-time',
    example: '2026-01-31T12:00:00.000Z',
  })
  updatedAt: string;

  @ApiProperty({ description: 'Connection to WhatsApp', type: ConnectionView })
  connection: ConnectionView;

  @ApiProperty({ description: 'What WhatsApp tells about the account', type: ProfileView })
  profile: ProfileView;

  @ApiProperty({ description: 'The first 20 webhooks, sorted by label', type: [InstanceWebhookView] })
  webhooks: InstanceWebhookView[];

  @ApiProperty({ description: 'WebSocket', type: InstanceWebSocketView })
  websocket: InstanceWebSocketView;

  @ApiProperty({ description: 'Proxy, without its password', type: ProxyView })
  proxy: ProxyView;

  @ApiProperty({ description: 'Settings', type: SettingsView })
  settings: SettingsView;
}
