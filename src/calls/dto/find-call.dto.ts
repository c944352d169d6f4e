import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsString } from 'class-validator';

export class FindCallDto {
  @ApiProperty({
    description: 'Id of the call, as placing it answered',
    example: '00C28E4F5D0A4B7E91F2A3B4C5D6E7F8',
  })
  @IsString({ message: 'callId must be a string' })
  @IsNotEmpty({ message: 'callId is required' })
  callId: string;
}
