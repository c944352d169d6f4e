import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { InstanceNameRequired } from '../../common/http/request.errors.js';
import { IsFilled, IsTextIfGiven } from '../../common/http/text.validators.js';
import { problem } from '../../common/http/validation.pipe.js';
import { isWeakToken } from '../../config/weak-secret.js';
import { isInstanceName } from '../instance-name.js';
import { PROXY_PROTOCOLS, type InstanceDraft, type ProxyProtocol } from '../instance-values.js';
import { Rule } from '../../common/http/rule.js';
import { Choice, EventTypes, Flag, Message, Port, Text } from './body-rules.js';
import { distinct, toWebhookWish } from '../../webhooks/store/webhook-wish.js';
import { toProxyWish } from './proxy-wish.js';
import { definedSettings } from './given-settings.js';

/** Blank and wrongly typed names are told by the rules before. */
const isNameIfText = (value: unknown) =>
  typeof value !== 'string' || value.trim() === '' || isInstanceName(value);
const isOwnToken = (value: unknown): value is string =>
  typeof value === 'string' && /^[\x21-\x7e]{32,256}$/.test(value);
const isStrongToken = (value: unknown) => !isOwnToken(value) || !isWeakToken(value);

/** A new instance; everything but the name can also be configured later. */
export class NewInstanceBody {
  @ApiProperty({
    description: 'Name of the instance, unique in the account, case-sensitive',
    example: 'shop',
    pattern: '^[A-Za-z0-9_-]{1,100}$',
  })
  @IsTextIfGiven()
  @IsFilled(problem(1, () => new InstanceNameRequired()))
  @Rule('isInstanceName', isNameIfText, 'must have 1 to 100 letters, digits, hyphens or underscores')
  name: string;

  @ApiPropertyOptional({
    description:
      'Own TokenInstance: 32 to 256 printable ASCII characters without spaces, drawn at random (`openssl rand -hex 32`). ' +
      'Left out, a random one is made',
    example: 'f3a81c5e9b7d20464e8fa1c3d5b79e02',
    minLength: 32,
    maxLength: 256,
  })
  @IsOptional()
  @Rule('isOwnToken', isOwnToken, 'must have 32 to 256 printable ASCII characters without spaces')
  @Rule('isStrongToken', isStrongToken, 'must be random, not a pattern or a word: openssl rand -hex 32')
  token?: string | null;

  @Flag({ description: 'Connect to WhatsApp through a proxy', example: false })
  proxyEnabled?: boolean | null;

  @Text(253, { description: 'Host name or IP address of the proxy', example: 'proxy.example.com' })
  proxyHost?: string | null;

  @Port({ description: 'TCP port of the proxy, 1 to 65535', example: '1080' })
  proxyPort?: string | number | null;

  @Choice(PROXY_PROTOCOLS, { description: 'How to speak to the proxy', example: 'socks5' })
  proxyProtocol?: ProxyProtocol | null;

  @Text(255, { description: 'User name at the proxy', example: 'user' })
  proxyUsername?: string | null;

  @Text(255, {
    description: 'Password at the proxy; encrypted at rest and never returned',
    example: 'secret',
  })
  proxyPassword?: string | null;

  @Flag({ description: 'Send events to `webhookURL`', example: true })
  webhookEnabled?: boolean | null;

  @Text(2048, {
    description: 'http or https address without credentials',
    example: 'https://example.com/hooks/whatsapp',
  })
  webhookURL?: string | null;

  @Text(4096, {
    description: 'Value of the `Authorization` header; encrypted at rest and never returned',
    example: 'Bearer secret',
  })
  webhookAuthorization?: string | null;

  @Flag({ description: 'Append `/<event>` to the URL', example: false })
  webhookByEvents?: boolean | null;

  @EventTypes({
    description: 'Events to send to the webhook; empty = all',
    example: ['call.update', 'instance.state'],
  })
  webhookEvents?: string[] | null;

  @Flag({ description: 'Allow WebSocket clients of this instance', example: false })
  websocketEnabled?: boolean | null;

  @EventTypes({ description: 'Events to send to WebSocket clients; empty = all', example: ['call.update'] })
  websocketEvents?: string[] | null;

  @Flag({ description: 'Reject incoming calls', example: false })
  autoRejectCalls?: boolean | null;

  @Message(1000, { description: 'Text sent to a caller who was rejected; empty = none', example: '' })
  callRejectMessage?: string | null;

  @Flag({ description: 'Show the account as online while it is connected', example: false })
  keepOnlineStatus?: boolean | null;

  /** @throws InvalidRequestBody when fields contradict each other */
  toDraft(): InstanceDraft {
    return {
      name: this.name,
      token: this.token ?? undefined,
      settings: definedSettings(this),
      proxy: this.proxy(),
      webhook: toWebhookWish({
        enabled: this.webhookEnabled,
        url: this.webhookURL,
        authorization: this.webhookAuthorization,
        byEvents: this.webhookByEvents,
        events: this.webhookEvents,
      }),
      websocket:
        typeof this.websocketEnabled === 'boolean'
          ? { enabled: this.websocketEnabled, events: distinct(this.websocketEvents) }
          : undefined,
    };
  }

  private proxy() {
    if (!this.proxyEnabled && !this.proxyHost) return undefined;
    return toProxyWish(
      {
        enabled: this.proxyEnabled ?? false,
        host: this.proxyHost,
        port: this.proxyPort,
        protocol: this.proxyProtocol,
        username: this.proxyUsername,
        password: this.proxyPassword,
      },
      (field) => `proxy${field.charAt(0).toUpperCase()}${field.slice(1)}`,
    );
  }
}
