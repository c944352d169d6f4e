import { ApiProperty } from '@nestjs/swagger';
import { PROXY_PROTOCOLS, type ProxyProtocol } from '../instance-values.js';

export class ProxyView {
  @ApiProperty({ description: 'The proxy is in use', example: true })
  enabled: boolean;

  @ApiProperty({
    description: 'Host name or IP address',
    type: String,
    nullable: true,
    example: 'proxy.example.com',
  })
  host: string | null;

  @ApiProperty({ description: 'TCP port, as text', type: String, nullable: true, example: '1080' })
  port: string | null;

  @ApiProperty({
    description: 'How the proxy is spoken to',
    type: String,
    enum: PROXY_PROTOCOLS,
    nullable: true,
    example: 'socks5',
  })
  protocol: ProxyProtocol | null;

  @ApiProperty({ description: 'User name at the proxy', type: String, nullable: true, example: 'user' })
  username: string | null;
}
