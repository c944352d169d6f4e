import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../common/http/api-errors.js';
import { CurrentCaller, type TenantCaller } from '../common/http/caller.js';
import { InstanceRoute } from '../common/http/instance-route.js';
import { ERRORS } from '../instances/documented-errors.js';
import { ShareBody } from './dto/share-body.dto.js';
import { ShareCreated } from './dto/share-created.dto.js';
import { PairingLinks } from './pairing-links.service.js';

const EXAMPLES = {
  default: { summary: 'For 15 minutes', value: {} },
  day: { summary: 'For a day', value: { minutes: 1440 } },
};

@ApiTags('Linking')
@Controller('instance')
export class PairingShareController {
  constructor(private readonly links: PairingLinks) {}

  @InstanceRoute(Post, 'share')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Make a link to the pairing page',
    description:
      'For the owner of the phone, who needs no token: the page shows a QR code that renews itself, or a pairing ' +
      'code, and tells in plain words what is going on. Linking starts when the page is opened. The link works until ' +
      'it expires, a phone is linked, the token of the instance or of its account is rotated, or the instance is deleted.',
  })
  @ApiBody({ type: ShareBody, required: false, examples: EXAMPLES })
  @ApiResponse({ status: 200, description: 'The link', type: ShareCreated })
  @ApiErrors(
    { ...ERRORS.invalidBody, message: 'Invalid request body: minutes must be from 1 to 1440' },
    ERRORS.notFound,
  )
  async share(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Body() body: ShareBody,
  ): Promise<ShareCreated> {
    const { url, expiresAt } = await this.links.create(caller, instance, body.lifetimeMinutes());
    return { success: true, message: 'Share link created', url, expiresAt: expiresAt.toISOString() };
  }
}
