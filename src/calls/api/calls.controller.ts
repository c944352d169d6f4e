import { Body, Controller, Get, Headers, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { ApiErrors } from '../../common/http/api-errors.js';
import { CurrentCaller, type TenantCaller } from '../../common/http/caller.js';
import { InstanceRoute } from '../../common/http/instance-route.js';
import { Clock } from '../../common/time/clock.js';
import { CallsService } from '../calls.service.js';
import {
  CALL_NOT_FOUND,
  FAKE_CALL_ERRORS,
  INSTANCE_NOT_FOUND,
  INSTANCE_REQUIRED,
  NOT_CONNECTED,
} from './error-rows.js';
import { toCallCancelled, toCallFound, toCallPlaced, toCallsFound } from './views.js';
import { CallCancelledDto, CallFoundDto, CallPlacedDto, CallsFoundDto } from './answers.js';
import { CancelCallDto, FakeCallDto, FindCallDto, ListCallsDto } from './requests.js';
import { parseIdempotencyKey } from '../idempotency/idempotent-requests.js';
import { replay } from '../idempotency/remembered-answer.js';

const LIST_DESCRIPTION =
  'Newest first, a page at a time. `direction` also lists calls to the account: at most 1,000 a day, 100 of them from one ' +
  'caller; webhooks report those beyond, too. Calls are kept for `CALL_RETENTION_DAYS` after their end.';

@ApiTags('Calls')
@Controller('call')
export class CallsController {
  constructor(
    private readonly calls: CallsService,
    private readonly clock: Clock,
  ) {}

  @InstanceRoute(Post, 'fake')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Make a phone ring',
    description:
      'Rings the callee without any media and hangs up by itself. Answers as soon as WhatsApp accepted the offer, ' +
      'not after the ring; follow the call with its `callId`.',
  })
  @ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'Up to 255 printable ASCII characters. The same key with the same body gets the first answer again within ' +
      '24 hours, with `Idempotency-Replayed: true`, and rings nobody. Only requests that reached WhatsApp are remembered.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[ -~]+$' },
    example: 'order-4711',
  })
  @ApiResponse({
    status: 200,
    type: CallPlacedDto,
    description: 'WhatsApp accepted the offer',
    headers: {
      'Idempotency-Replayed': {
        description: 'Sent when the answer was given before',
        schema: { type: 'string', enum: ['true'] },
      },
    },
  })
  @ApiErrors(...FAKE_CALL_ERRORS)
  async placeFake(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Body() body: FakeCallDto,
    @Headers('Idempotency-Key') idempotencyKey: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ): Promise<CallPlacedDto> {
    const request = body.toRequest();
    const key = parseIdempotencyKey(idempotencyKey);
    const { answer, replayed } = await this.calls.placeFake(caller, instance, request, key);
    // Set before the answer is repeated, which may be a failure.
    if (replayed) response.setHeader('Idempotency-Replayed', 'true');
    return toCallPlaced(replay(answer, this.clock.now()));
  }

  @InstanceRoute(Get, 'list')
  @ApiOperation({ summary: 'List calls', description: LIST_DESCRIPTION })
  @ApiResponse({ status: 200, type: CallsFoundDto, description: 'One page of calls' })
  @ApiErrors(
    INSTANCE_REQUIRED,
    {
      status: 400,
      code: 'invalid_query',
      message: 'Invalid query: limit must be a whole number from 1 to 200',
      when: 'a parameter cannot be used; the message names it',
    },
    INSTANCE_NOT_FOUND,
  )
  async list(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Query() query: ListCallsDto,
  ): Promise<CallsFoundDto> {
    return toCallsFound(await this.calls.list(caller, instance, query.toFilter(), query.cursor));
  }

  @InstanceRoute(Get, 'info')
  @ApiOperation({ summary: 'Look at a call' })
  @ApiResponse({ status: 200, type: CallFoundDto, description: 'The call as it is now' })
  @ApiErrors(
    INSTANCE_REQUIRED,
    {
      status: 400,
      code: 'invalid_query',
      message: 'Invalid query: callId is required',
      when: '`callId` is missing or given twice',
    },
    INSTANCE_NOT_FOUND,
    CALL_NOT_FOUND,
  )
  async info(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Query() query: FindCallDto,
  ): Promise<CallFoundDto> {
    return toCallFound(await this.calls.get(caller, instance, query.callId));
  }

  @InstanceRoute(Post, 'cancel')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Hang up before the time is over',
    description:
      'All phones stop ringing. Without a connection to WhatsApp they stop as soon as it is back, and the call then ' +
      'ends as `cancelled`.',
  })
  @ApiResponse({ status: 200, type: CallCancelledDto, description: 'The call as it ended' })
  @ApiErrors(
    INSTANCE_REQUIRED,
    {
      status: 400,
      code: 'invalid_body',
      message: 'Invalid request body: callId is required',
      when: 'not JSON, not an object, or `callId` is missing or no text',
    },
    INSTANCE_NOT_FOUND,
    CALL_NOT_FOUND,
    { status: 409, code: 'call_already_ended', message: 'Call has already ended' },
    {
      status: 409,
      code: 'call_is_incoming',
      message: 'Only calls that were placed here can be cancelled',
      when: 'somebody else placed the call',
    },
    NOT_CONNECTED,
  )
  async cancel(
    @CurrentCaller() caller: TenantCaller,
    @Param('instance') instance: string,
    @Body() body: CancelCallDto,
  ): Promise<CallCancelledDto> {
    return toCallCancelled(await this.calls.cancel(caller, instance, body.callId));
  }
}
