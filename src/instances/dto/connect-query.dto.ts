import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { parsePhoneNumber } from '../../whatsapp/phone-number.js';
import { InvalidNumber } from '../../whatsapp/whatsapp.errors.js';
import type { LinkMethod } from '../../whatsapp/whatsapp.gateway.js';
import { Rule } from '../../common/http/rule.js';

export class ConnectQuery {
  @ApiPropertyOptional({
    description:
      'Phone number to link, in international format: answers with a pairing code instead of a QR code. ' +
      '`+ - ( ) .`, spaces, dashes and invisible characters are ignored; 7 to 15 digits remain, and the first is not 0',
    example: '5511999999999',
  })
  @IsOptional()
  @Rule('isText', (value) => typeof value === 'string', 'must be given once')
  number?: string;

  /** @throws InvalidNumber */
  toMethod(): LinkMethod {
    if (this.number === undefined || this.number.trim() === '') return { kind: 'qr' };
    const parsed = parsePhoneNumber(this.number);
    if (!parsed.ok) throw new InvalidNumber(parsed.detail);
    return { kind: 'code', number: parsed.digits };
  }
}
