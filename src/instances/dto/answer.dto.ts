import { ApiProperty } from '@nestjs/swagger';

/** What every successful answer starts with. */
export abstract class Answer {
  @ApiProperty({ description: 'Always true', type: Boolean, example: true })
  success: true;

  @ApiProperty({ description: 'What was done', example: 'Instance created' })
  message: string;
}
