import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';
import { ProxyView } from './proxy-view.dto.js';

export class ProxyRetrieved extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Proxy configuration retrieved successfully' })
  override message: string;

  @ApiProperty({ description: 'The proxy, without its password', type: ProxyView })
  proxy: ProxyView;
}
