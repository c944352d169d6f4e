import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOperation, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { WebhookTestLimit } from '../../auth/route-limits.js';
import { ApiErrors } from '../../common/http/api-errors.js';
import { CurrentCaller, LongWait, type TenantCaller } from '../../common/http/caller.js';
import { InstanceRoute } from '../../common/http/instance-route.js';
import { AllowedTargets } from '../../common/net/allowed-targets.js';
import { FindWebhooksQuery, WebhookBody } from './requests.js';
import { WebhookConfigured, WebhookRetrieved, WebhooksRetrieved } from './answers.js';
import { WebhookTestBody, WebhookTested } from './webhook-test.dto.js';
import { WEBHOOK_ERRORS } from './error-rows.js';
import { toWebhookConfigured, toWebhookRetrieved, toWebhooksRetrieved, toWebhookTested } from './views.js';
import { WebhookTests } from './webhook-tests.js';
import { WebhooksService } from './webhooks.service.js';

const EXAMPLES = {
  all: {
    summary: 'All events to one address',
    value: { enabled: true, url: 'https://example.com/hooks/whatsapp' },
  },
  calls: {
    summary: 'Calls only, to a second address',
    value: {
      label: 'calls',
      enabled: true,
      url: 'https://example.com/hooks/calls',
      authorization: 'Bearer my-own-secret',
      byEvents: false,
      events: ['call.update'],
    },
  },
  rotate: { summary: 'A new signing secret', value: { enabled: true, secret: 'rotate' } },
  off: { summary: 'Off', value: { label: 'calls', enabled: false } },
};

@ApiTags('Events')
@Controller('events')
@ApiExtraModels(WebhookRetrieved, WebhooksRetrieved)
export class WebhooksController {
  constructor(
    private readonly webhooks: WebhooksService,
    private readonly targets: AllowedTargets,
    private readonly tests: WebhookTests,
  ) {}

  @InstanceRoute(Post, 'webhook')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Configure a webhook',
    description:
      'Makes the webhook with the label, or changes it: what is left out stays as it is. At most 20 can exist, and 3 of ' +
      'them be enabled. Every ' +
      'delivery is signed as Standard Webhooks 1.0 says, at least once, in order for each call; see **Webhooks** below.',
  })
  @ApiBody({ type: WebhookBody, examples: EXAMPLES })
  @ApiResponse({ status: 200, description: 'The webhook as it is now', type: WebhookConfigured })
  @ApiErrors(
    {
      ...WEBHOOK_ERRORS.invalidBody,
      message:
        'Invalid request body: url points to a name of a local network; only with WEBHOOK_ALLOW_PRIVATE=true may webhooks go there',
    },
    WEBHOOK_ERRORS.notFound,
    WEBHOOK_ERRORS.tooManyWebhooks,
    WEBHOOK_ERRORS.tooManyLabels,
  )
  async configure(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Body() body: WebhookBody,
  ): Promise<WebhookConfigured> {
    const change = body.toChange();
    this.targets.requireAllowed(change.url, 'url');
    return toWebhookConfigured(await this.webhooks.change(caller, instance, change));
  }

  @InstanceRoute(Get, 'getWebhook')
  @ApiOperation({
    summary: 'Show webhooks',
    description:
      'Without path and query of their addresses, values of headers, secret and authorization, which are never returned. In ' +
      'pages, unless a label is asked for.',
  })
  @ApiResponse({
    status: 200,
    description: '`webhooks` sorted by label, or `webhook` when a label was asked for',
    content: {
      'application/json': {
        schema: {
          oneOf: [{ $ref: getSchemaPath(WebhooksRetrieved) }, { $ref: getSchemaPath(WebhookRetrieved) }],
        },
      },
    },
  })
  @ApiErrors(
    { ...WEBHOOK_ERRORS.invalidQuery, message: 'Invalid query: label must be given once' },
    WEBHOOK_ERRORS.notFound,
    WEBHOOK_ERRORS.webhookNotFound,
  )
  async show(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Query() query: FindWebhooksQuery,
  ): Promise<WebhookRetrieved | WebhooksRetrieved> {
    const label = query.toLabel();
    return label === undefined
      ? toWebhooksRetrieved(await this.webhooks.list(caller, instance, query.toPage()))
      : toWebhookRetrieved(await this.webhooks.get(caller, instance, label));
  }

  @InstanceRoute(Post, 'test')
  @HttpCode(200)
  @LongWait()
  @WebhookTestLimit()
  @ApiOperation({
    summary: 'Try a webhook',
    description:
      'Sends a signed `webhook.test` event to the webhook now, once, whatever its `events` are, and answers with what came back. ' +
      'It is no delivery: it is not listed and not repeated. 20 tests a minute for each account, 2 at a time.',
  })
  @ApiResponse({ status: 200, description: 'What came of it, failures included', type: WebhookTested })
  @ApiErrors(
    { ...WEBHOOK_ERRORS.invalidBody, message: 'Invalid request body: label must be a string' },
    WEBHOOK_ERRORS.notFound,
    WEBHOOK_ERRORS.webhookNotFound,
    WEBHOOK_ERRORS.webhookDisabled,
    WEBHOOK_ERRORS.tooManyWebhookTests,
  )
  async test(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Body() body: WebhookTestBody,
  ): Promise<WebhookTested> {
    return toWebhookTested(await this.tests.run(caller, instance, body.toLabel()));
  }
}
