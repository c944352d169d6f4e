import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { InstanceCreationLimit } from '../auth/route-limits.js';
import { ApiErrors } from '../common/http/api-errors.js';
import { AcceptsTokens, CurrentCaller, type TenantCaller } from '../common/http/caller.js';
import { InstanceRoute } from '../common/http/instance-route.js';
import { AllowedTargets } from '../common/net/allowed-targets.js';
import { ERRORS } from './documented-errors.js';
import { InstanceCreated } from './dto/instance-created.dto.js';
import { InstanceRemoved } from './dto/instance-removed.dto.js';
import { InstancesFound } from './dto/instances-found.dto.js';
import { ListInstancesQuery } from './dto/list-instances-query.dto.js';
import { NewInstanceBody } from './dto/new-instance-body.dto.js';
import { TokenRotated } from './dto/token-rotated.dto.js';
import { toInstanceCreated, toInstancesFound, toTokenRotated } from './instance.views.js';
import { InstancesService } from './instances.service.js';

const NEW_INSTANCE_EXAMPLES = {
  minimal: { summary: 'Only a name', value: { name: 'shop' } },
  complete: {
    summary: 'With proxy and webhook',
    value: {
      name: 'shop',
      proxyEnabled: true,
      proxyHost: 'proxy.example.com',
      proxyPort: '1080',
      proxyProtocol: 'socks5',
      proxyUsername: 'user',
      proxyPassword: 'secret',
      webhookEnabled: true,
      webhookURL: 'https://example.com/hooks/whatsapp',
      webhookAuthorization: 'Bearer secret',
      webhookEvents: ['call.update', 'instance.state'],
      keepOnlineStatus: false,
    },
  },
};

@ApiTags('Instances')
@Controller('instance')
export class InstancesController {
  constructor(
    private readonly instances: InstancesService,
    private readonly targets: AllowedTargets,
  ) {}

  @Post('new')
  @AcceptsTokens('account')
  @InstanceCreationLimit()
  @ApiOperation({
    summary: 'Create an instance',
    description:
      'Its token and the signing secret of an enabled webhook are in the answer, this once. Link a phone next: `connect`.',
  })
  @ApiBody({ type: NewInstanceBody, examples: NEW_INSTANCE_EXAMPLES })
  @ApiResponse({ status: 201, description: 'Created', type: InstanceCreated })
  @ApiErrors(
    ERRORS.nameRequired,
    {
      ...ERRORS.invalidBody,
      message: 'Invalid request body: proxyHost is required when the proxy is enabled',
    },
    ERRORS.quotaExceeded,
    ERRORS.nameTaken,
    ERRORS.tokenInUse,
  )
  async create(
    @CurrentCaller() caller: TenantCaller,
    @Body() body: NewInstanceBody,
  ): Promise<InstanceCreated> {
    const draft = body.toDraft();
    this.targets.requireAllowed(draft.webhook?.url, 'webhookURL');
    this.targets.requireAllowedProxy(draft.proxy, { host: 'proxyHost', port: 'proxyPort' });
    return toInstanceCreated(await this.instances.create(caller, draft));
  }

  @Get('list')
  @ApiOperation({
    summary: 'List instances',
    description:
      'By name, in pages. Of several names those that do not exist are left out. A TokenInstance always gets just its own. ' +
      'Of an instance with more than 20 webhooks, which an earlier release allowed, the first 20 are shown.',
  })
  @ApiResponse({ status: 200, description: 'The instances', type: InstancesFound })
  @ApiErrors(ERRORS.invalidQuery, { ...ERRORS.notFound, when: 'one name alone, and it does not exist' })
  async list(
    @CurrentCaller() caller: TenantCaller,
    @Query() query: ListInstancesQuery,
  ): Promise<InstancesFound> {
    return toInstancesFound(await this.instances.list(caller, query.toNames(), query.toPage()));
  }

  @InstanceRoute(Delete, 'delete')
  @AcceptsTokens('account')
  @ApiOperation({
    summary: 'Delete an instance',
    description:
      'With its calls, webhooks and token. The phone is unlinked first, if WhatsApp can be reached.',
  })
  @ApiResponse({ status: 200, description: 'Deleted', type: InstanceRemoved })
  @ApiErrors(ERRORS.notFound)
  async delete(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
  ): Promise<InstanceRemoved> {
    await this.instances.delete(caller, instance);
    return { success: true, message: 'Instance deleted', instance: { status: 'deleted' } };
  }

  @InstanceRoute(Post, 'rotateToken')
  @HttpCode(200)
  @AcceptsTokens('account')
  @ApiOperation({
    summary: 'Give an instance a new token',
    description:
      'The new token is in the answer, this once. The earlier one stops working at once, and so do links ' +
      'to the pairing page of the instance.',
  })
  @ApiResponse({ status: 200, description: 'The new token', type: TokenRotated })
  @ApiErrors(ERRORS.notFound)
  async rotateToken(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
  ): Promise<TokenRotated> {
    return toTokenRotated(await this.instances.rotateToken(caller, instance));
  }
}
