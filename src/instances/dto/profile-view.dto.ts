import { ApiProperty } from '@nestjs/swagger';

export class ProfileView {
  @ApiProperty({
    description: 'Name of the profile at WhatsApp',
    type: String,
    nullable: true,
    example: 'My shop',
  })
  name: string | null;
}
