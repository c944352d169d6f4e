import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional } from 'class-validator';
import { Rule } from '../../instances/dto/body-rules.js';
import { DELIVERY_STATUSES, type DeliveryFilter, type DeliveryStatus } from '../delivery-values.js';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 200;

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
    type: 'integer',
    minimum: 1,
    maximum: MAX_LIMIT,
    default: DEFAULT_LIMIT,
    description: 'At most this many',
    example: DEFAULT_LIMIT,
  })
  @IsOptional()
  @Rule('isLimit', isLimit, `must be a whole number from 1 to ${MAX_LIMIT}`)
  limit?: string;

  toFilter(): DeliveryFilter {
    return {
      ...(this.status !== undefined && { status: this.status }),
      limit: this.limit === undefined ? DEFAULT_LIMIT : Number(this.limit),
    };
  }
}

function isLimit(value: unknown): boolean {
  return (
    typeof value === 'string' && /^\d{1,3}$/.test(value) && Number(value) >= 1 && Number(value) <= MAX_LIMIT
  );
}
