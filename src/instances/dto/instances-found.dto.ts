import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';
import { InstanceItem } from './instance-item.dto.js';
import { ListMeta } from './list-meta.dto.js';

export class InstancesFound extends Answer {
  @ApiProperty({ description: 'How many were found, on all pages', example: '1 Instance found' })
  override message: string;

  @ApiProperty({ description: 'Instances, sorted by name', type: [InstanceItem] })
  instances: InstanceItem[];

  @ApiProperty({ description: 'About the list', type: ListMeta })
  meta: ListMeta;
}
