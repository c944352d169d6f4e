import { ApiProperty } from '@nestjs/swagger';

export class InstanceWebhookView {
  @ApiProperty({ description: 'Label of the webhook', example: 'default' })
  label: string;

  @ApiProperty({ description: 'Events are sent', example: true })
  enabled: boolean;

  @ApiProperty({
    description: 'Target: scheme, host and port; `/***` stands for path and query',
    type: String,
    nullable: true,
    example: 'https://example.com/***',
  })
  url: string | null;

  @ApiProperty({ description: '`/<event>` is appended to the URL', example: false })
  byEvents: boolean;

  @ApiProperty({ description: 'Events that are sent', type: [String], example: ['call.update'] })
  events: string[];
}
