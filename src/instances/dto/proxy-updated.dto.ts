import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';
import { ProxyView } from './proxy-view.dto.js';

export class ProxyUpdated extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Proxy configuration updated successfully' })
  override message: string;

  @ApiProperty({ description: 'The proxy from now on, without its password', type: ProxyView })
  proxy: ProxyView;
}
