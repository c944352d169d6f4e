import { IsOptional } from 'class-validator';
import { Rule } from '../../common/http/rule.js';
import { parsePhoneNumber } from '../../whatsapp/phone-number.js';
import { InvalidNumber } from '../../whatsapp/whatsapp.errors.js';
import type { LinkMethod } from '../../whatsapp/whatsapp.gateway.js';

export class PairingCodeBody {
  /** Phone number to link, in international format, as people write it. */
  @IsOptional()
  @Rule('isText', (value) => typeof value === 'string', 'must be a string')
  number?: string;

  /** @throws InvalidNumber */
  toMethod(): LinkMethod {
    const parsed = parsePhoneNumber(this.number ?? '');
    if (!parsed.ok) throw new InvalidNumber(parsed.detail);
    return { kind: 'code', number: parsed.digits };
  }
}
