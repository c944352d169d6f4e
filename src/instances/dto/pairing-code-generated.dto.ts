import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';

export class PairingCodeGenerated extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Pairing code generated' })
  override message: string;

  @ApiProperty({ description: 'Eight characters to type on the phone', example: 'ABCD1234' })
  pairingCode: string;

  @ApiProperty({ description: 'A code waits to be typed', example: 'pairing' })
  status: 'pairing';
}
