import { IsOptional } from 'class-validator';
import { Rule } from '../../instances/dto/body-rules.js';
import { InvalidNumber } from '../../instances/instances.errors.js';
import { parsePhoneNumber } from '../../whatsapp/jid.js';
import type { LinkMethod } from '../../whatsapp/whatsapp.gateway.js';

export class PairingCodeBody {
  /** Phone number to link, in international format; `+ - ( ) .` and spaces are ignored, 7 to 15 digits remain. */
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
