import type { SecretBox } from '../../common/crypto/secret-box.js';

/**
 * What nodes tell each other holds QR codes and phone numbers and makes phones ring. It is sealed with the encryption
 * key that all nodes of an installation share: a stranger on the broker, or another installation, neither reads nor
 * forges it.
 */
export class SealedPackets {
  constructor(private readonly secrets: SecretBox) {}

  /** @param place where the packet is valid; it opens nowhere else */
  seal(value: unknown, place: string): string {
    return this.secrets.sealText(JSON.stringify(value), contextOf(place)).toString('base64');
  }

  /** @throws SealBroken, SyntaxError, TypeError */
  open(packet: unknown, place: string): unknown {
    if (typeof packet !== 'string') throw new TypeError('No packet');
    const value: unknown = JSON.parse(this.secrets.openText(Buffer.from(packet, 'base64'), contextOf(place)));
    return value;
  }
}

function contextOf(place: string): readonly string[] {
  return ['packet between nodes', place];
}
