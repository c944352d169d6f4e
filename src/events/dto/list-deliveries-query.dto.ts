import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { PageLimit } from '../../common/http/page-query.js';
import { Rule } from '../../common/http/rule.js';
import { DELIVERY_STATUSES, UUID, type DeliveryFilter, type DeliveryStatus } from '../delivery-values.js';

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
