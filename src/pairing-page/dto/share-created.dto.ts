import { ApiProperty } from '@nestjs/swagger';
import { Answer } from '../../instances/dto/answer.dto.js';

export class ShareCreated extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Share link created' })
  override message: string;

  @ApiProperty({
    description: 'Address of the pairing page. It is signed, and there is no token in it',
    example: 'https://calls.example.com/pair/AQv0XkE5…',
  })
  url: string;

  @ApiProperty({
    description: 'When the link stops working, RFC 3339',
    example: '2026-01-31T12:15:00.000Z',
    format: 'date-time',
  })
  expiresAt: string;
}
