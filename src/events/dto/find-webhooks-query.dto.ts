import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { PageQuery } from '../../common/http/page-query.js';
import { Rule } from '../../common/http/rule.js';

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
