import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiErrors } from '../../common/http/api-errors.js';
import { CurrentCaller, type TenantCaller } from '../../common/http/caller.js';
import { InstanceRoute } from '../../common/http/instance-route.js';
import { DeliveriesService } from './deliveries.service.js';
import { DeliveriesFound, DeliveryQueued } from './answers.js';
import { ListDeliveriesQuery, ReplayBody } from './requests.js';
import { WEBHOOK_ERRORS } from './error-rows.js';
import { toDeliveriesFound, toDeliveryQueued } from './views.js';

@ApiTags('Events')
@Controller('events')
export class DeliveriesController {
  constructor(private readonly deliveries: DeliveriesService) {}

  @InstanceRoute(Get, 'deliveries')
  @ApiOperation({
    summary: 'List deliveries',
    description:
      'What became of the events, newest first. Delivered ones are kept for 7 days, dead ones for 30.',
  })
  @ApiResponse({ status: 200, description: 'Deliveries to all webhooks', type: DeliveriesFound })
  @ApiErrors(WEBHOOK_ERRORS.invalidQuery, WEBHOOK_ERRORS.notFound)
  async list(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Query() query: ListDeliveriesQuery,
  ): Promise<DeliveriesFound> {
    return toDeliveriesFound(await this.deliveries.list(caller, instance, query.toFilter()));
  }

  @InstanceRoute(Post, 'replay')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Deliver again',
    description:
      'Queues a delivery with all its attempts, whatever became of it. The receiver sees the same event `id`.',
  })
  @ApiResponse({ status: 200, description: 'The delivery, pending again', type: DeliveryQueued })
  @ApiErrors(
    { ...WEBHOOK_ERRORS.invalidBody, message: 'Invalid request body: id is required' },
    WEBHOOK_ERRORS.notFound,
    WEBHOOK_ERRORS.deliveryNotFound,
  )
  async replay(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Body() body: ReplayBody,
  ): Promise<DeliveryQueued> {
    return toDeliveryQueued(await this.deliveries.replay(caller, instance, body.id));
  }
}
