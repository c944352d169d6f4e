import { ApiPropertyOptional, ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsIn } from 'class-validator';
import { PageQuery, PageLimit } from '../../common/http/page-query.js';
import { Rule } from '../../common/http/rule.js';
import { applyDecorators } from '@nestjs/common';
import { isWebhookSecret, WEBHOOK_SECRET_RULE } from '../../common/crypto/webhook-secret.js';
import { EventTypes, Flag, Text, RequiredFlag } from '../../instances/dto/body-rules.js';
import { distinct } from '../store/webhook-wish.js';
import { faultOfHeaders, MAX_HEADERS } from '../store/webhook-headers.js';
import { DEFAULT_WEBHOOK_LABEL, type WebhookChange } from '../store/webhook-values.js';
import {
  DELIVERY_STATUSES,
  UUID,
  type DeliveryFilter,
  type DeliveryStatus,
} from '../../deliveries/delivery-values.js';
import { IsFilled, IsTextIfGiven } from '../../common/http/text.validators.js';

export class FindWebhooksQuery extends PageQuery {
  @ApiPropertyOptional({
    type: String,
    description: 'Only the webhook with this label; left out, all',
    example: 'default',
  })
  @IsOptional()
  @Rule('isLabel', (value) => typeof value === 'string', 'must be given once')
  label?: string;

  /** `undefined` = all; an empty one is the label of no webhook. */
  toLabel(): string | undefined {
    return this.label?.trim();
  }
}

/** Asks for a new signing secret without knowing one. */
const NEW_SECRET = 'rotate';

const HEADER_TEXT = /^[\x20-\x7e]{0,4096}$/;

/** What Node and receivers take as the value of a header, whatever the encoding of the connection. */
const isHeaderText = (value: unknown) => typeof value === 'string' && HEADER_TEXT.test(value);
const isSecretWish = (value: unknown) =>
  typeof value === 'string' && (value === NEW_SECRET || isWebhookSecret(value));

export class WebhookBody {
  @Text(100, {
    description: 'Tells the webhooks of an instance apart; the one with this label is made or changed',
    example: DEFAULT_WEBHOOK_LABEL,
  })
  label?: string | null;

  @RequiredFlag({
    description:
      'Send events. `false` clears `url`, `authorization`, `headers` and `events` and keeps the rest',
    example: true,
  })
  enabled: boolean;

  @Text(2048, {
    description:
      'Public http or https address without credentials; needed when the webhook is enabled for the first time. Path and ' +
      'query are encrypted at rest; answers show `/***` instead, and that form, sent back, stands for the stored address',
    example: 'https://example.com/hooks/whatsapp',
  })
  url?: string | null;

  @HeaderText({
    description:
      'Value of the `Authorization` header; empty or `null` = none. Encrypted at rest, never returned, and forgotten ' +
      'when `url` moves to another origin',
    example: 'Bearer my-own-secret',
  })
  authorization?: string | null;

  @Headers({
    description:
      `Further headers, at most ${MAX_HEADERS}, 4096 characters together; empty or \`null\` = none. Not those of the connection ` +
      '(`Host`, `Connection`, …), of the content (`Content-*`) and of the signature (`webhook-*`). Encrypted at rest; answers ' +
      'show `***` for each value, which, sent back, stands for the stored one. Forgotten when `url` moves to another origin',
    example: { 'X-Api-Key': 'my-own-key' },
  })
  headers?: Record<string, string> | null;

  @Flag({ description: 'Append `/<event>` to the path of the URL', example: false })
  byEvents?: boolean | null;

  @EventTypes({
    description:
      'Events to send; empty = all. `call.update` and `instance.state` are emitted; the others are names of the RyzeAPI ' +
      'catalogue that are accepted and never sent',
    example: ['call.update', 'instance.state'],
  })
  events?: string[] | null;

  @SecretWish({
    description:
      'Signing secret: `whsec_` and 24 to 64 bytes in base64. Left out, a new webhook gets a random one, which is returned ' +
      'this once, and a known one keeps its own. `rotate` makes a new random one; after a change the secret before it ' +
      'also signs for 24 hours',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwKJpbm1vdGhl',
  })
  secret?: string | null;

  toChange(): WebhookChange {
    const { url, headers, byEvents, events, secret } = this;
    return {
      label: this.label?.trim() || DEFAULT_WEBHOOK_LABEL,
      enabled: this.enabled,
      // Switching off clears the URL, whatever the request repeats of it.
      ...(this.enabled && typeof url === 'string' && { url: url.trim() }),
      ...(this.authorization !== undefined && { authorization: this.authorization?.trim() || null }),
      ...(headers !== undefined && { headers }),
      ...(typeof byEvents === 'boolean' && { byEvents }),
      ...(events && { events: distinct(events) }),
      ...(typeof secret === 'string' && { secret: secret === NEW_SECRET ? null : secret }),
    };
  }
}

interface SecretDocs {
  readonly description: string;
  readonly example: string;
}

function HeaderText(docs: SecretDocs) {
  return applyDecorators(
    ApiPropertyOptional({ type: String, nullable: true, maxLength: 4096, ...docs }),
    IsOptional(),
    Rule('isHeaderText', isHeaderText, 'must be a string of at most 4096 printable ASCII characters'),
  );
}

function Headers({ description, example }: { description: string; example: Record<string, string> }) {
  return applyDecorators(
    ApiPropertyOptional({
      type: 'object',
      additionalProperties: { type: 'string' },
      nullable: true,
      description,
      example,
    }),
    IsOptional(),
    Rule(
      'areHeaders',
      (value) => faultOfHeaders(value) === undefined,
      (value) => faultOfHeaders(value) ?? '',
    ),
  );
}

function SecretWish(docs: SecretDocs) {
  return applyDecorators(
    ApiPropertyOptional({ type: String, ...docs }),
    IsOptional(),
    Rule(
      'isSecretWish',
      isSecretWish,
      `${WEBHOOK_SECRET_RULE.replace(/^secret /, '')}, or the word ${NEW_SECRET}`,
    ),
  );
}

const DEFAULT_LIMIT = 50;

export class ListDeliveriesQuery {
  @ApiPropertyOptional({
    description: 'Only deliveries with this status',
    enum: DELIVERY_STATUSES,
    example: 'dead',
  })
  @IsOptional()
  @IsIn(DELIVERY_STATUSES, { message: `$property must be one of ${DELIVERY_STATUSES.join(', ')}` })
  status?: DeliveryStatus;

  @ApiPropertyOptional({
    description:
      'Only deliveries of this event: the `id` in its body, which is the `webhook-id` of the request',
    format: 'uuid',
    example: '0d9f3c1e-2f55-4c39-8a53-8f1f6a0b7c11',
  })
  @IsOptional()
  @Rule('isEventId', isUuid, 'must be the id of an event, a UUID')
  eventId?: string;

  @PageLimit('At most this many', DEFAULT_LIMIT)
  limit?: string;

  toFilter(): DeliveryFilter {
    return {
      ...(this.status !== undefined && { status: this.status }),
      ...(this.eventId !== undefined && { eventId: this.eventId }),
      limit: this.limit === undefined ? DEFAULT_LIMIT : Number(this.limit),
    };
  }
}

function isUuid(value: unknown): boolean {
  return typeof value === 'string' && UUID.test(value);
}

export class ReplayBody {
  @ApiProperty({
    description: 'Id of a delivery, from the list of deliveries',
    format: 'uuid',
    example: '5d0a1a5e-6c0e-4c5a-9a53-0b0c6b0a5f11',
  })
  @IsTextIfGiven()
  @IsFilled()
  id: string;
}
