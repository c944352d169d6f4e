import { ApiProperty } from '@nestjs/swagger';
import type { InstanceSettings } from '../instance-values.js';

export class SettingsView implements InstanceSettings {
  @ApiProperty({ description: 'Incoming calls are rejected', example: false })
  autoRejectCalls: boolean;

  @ApiProperty({ description: 'Text sent to a caller who was rejected', example: '' })
  callRejectMessage: string;

  @ApiProperty({ description: 'The account is shown as online while it is connected', example: false })
  keepOnlineStatus: boolean;

  @ApiProperty({ description: 'Calls in progress at the same time', example: 100, type: 'integer' })
  maxConcurrentCalls: number;

  @ApiProperty({ description: 'Seconds between two calls', example: 0, type: 'integer' })
  minSecondsBetweenCalls: number;

  @ApiProperty({
    description: 'Seconds until the same number may be called again',
    example: 0,
    type: 'integer',
  })
  numberCooldownSeconds: number;
}
