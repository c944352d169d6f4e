import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';
import { SettingsView } from './settings-view.dto.js';

export class SettingsUpdated extends Answer {
  @ApiProperty({ description: 'What was done', example: 'Settings updated successfully' })
  override message: string;

  @ApiProperty({ description: 'All settings after the change', type: SettingsView })
  settings: SettingsView;
}
