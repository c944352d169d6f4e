import { ApiProperty } from '@nestjs/swagger';

export class CreatedWebhook {
  @ApiProperty({ description: 'Its label, for configuring it later', example: 'default' })
  label: string;

  @ApiProperty({
    description: 'Signing secret, shown only here',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwKJpbm1vdGhl',
  })
  secret: string;
}
