const BASE_KEY_FIELD = 2;
const VARINT = 0;
const LENGTH_DELIMITED = 2;

/**
 * The base key of a Signal pre-key message (version byte, then a protobuf with the base key in field 2), which names the
 * session that the message belongs to. `undefined` when the bytes are no such message.
 */
export function baseKeyOf(message: Buffer): string | undefined {
  let offset = 1;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = message[offset++];
      if (byte === undefined) return NaN;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    return NaN;
  };
  while (offset < message.length) {
    const tag = varint();
    const value = varint();
    if (Number.isNaN(value)) return undefined;
    if (tag % 8 === VARINT) continue;
    if (tag % 8 !== LENGTH_DELIMITED) return undefined;
    if (Math.floor(tag / 8) === BASE_KEY_FIELD)
      return message.subarray(offset, offset + value).toString('hex');
    offset += value;
  }
  return undefined;
}
