import { ApiProperty } from '@nestjs/swagger';
import { INSTANCE_STATUSES, type InstanceStatus } from '../instance-state.js';
import { LastDisconnectView } from './last-disconnect-view.dto.js';

export class ConnectionView {
  @ApiProperty({ description: 'State of the connection', enum: INSTANCE_STATUSES, example: 'connected' })
  state: InstanceStatus;

  @ApiProperty({
    description: 'Account of the phone that is or was linked',
    type: String,
    nullable: true,
    example: '5511999999999@s.whatsapp.net',
  })
  numberJid: string | null;

  @ApiProperty({ description: 'The latest end of a connection', type: LastDisconnectView, nullable: true })
  lastDisconnect: LastDisconnectView | null;

  @ApiProperty({
    description: 'End of a restriction by WhatsApp, told or assumed; `null` when there is none',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  restrictedUntil: string | null;
}
