import { ApiProperty } from '@nestjs/swagger';
import { Answer } from './answer.dto.js';

export class QrCodeGenerated extends Answer {
  @ApiProperty({ description: 'What was done', example: 'QR code generated' })
  override message: string;

  @ApiProperty({ description: 'Content of the QR code', example: '2@Yh1cBk…,Zk9…,pQ4…,x7I=' })
  qrCode: string;

  @ApiProperty({
    description: 'The QR code as a PNG data URI',
    example: 'data:image/png;base64,iVBORw0KGgo…',
  })
  qrCodeBase64: string;

  @ApiProperty({ description: 'A code waits to be scanned', example: 'qr' })
  status: 'qr';
}
