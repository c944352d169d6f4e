import { ApiProperty } from '@nestjs/swagger';

export class LoggedOutInstance {
  @ApiProperty({ description: 'The link to the phone is gone', example: 'loggedout' })
  status: 'loggedout';
}
