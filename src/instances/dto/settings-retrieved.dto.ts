import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';
import { SettingsView } from './settings-view.dto.js';

export class SettingsRetrieved extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Settings retrieved successfully' })
  override message: string;

  @ApiProperty({ description: 'All settings', type: SettingsView })
  settings: SettingsView;
}
