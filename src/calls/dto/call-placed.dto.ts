import { ApiProperty } from '@nestjs/swagger';

export class CallPlacedDto {
  @ApiProperty({ type: Boolean, description: 'Always true', example: true })
  success: true;

  @ApiProperty({ description: 'What was done', example: 'Call placed successfully' })
  message: string;

  @ApiProperty({
    description: 'Id on the wire, to follow or cancel the call',
    example: '00C28E4F5D0A4B7E91F2A3B4C5D6E7F8',
  })
  callId: string;

  @ApiProperty({ description: 'Digits that were called', example: '5511999999999' })
  number: string;

  @ApiProperty({ description: 'Seconds of ringing, 1–60', example: 15 })
  duration: number;
}
