/** A secret that must not be found anywhere, and what it is called in a report, which must not repeat it. */
export interface Canary {
  readonly name: string;
  /** As text; key bytes as a buffer. */
  readonly secret: string | Buffer;
}

/** All ways in which a secret could stand in a text: raw, escaped, hex, base64 at any offset, percent-encoded. */
function spellingsOf(secret: string | Buffer): string[] {
  const bytes = Buffer.from(secret);
  const text =
    typeof secret === 'string'
      ? [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]
      : [];
  const hex = bytes.toString('hex');
  const shifted = [0, 1, 2].flatMap((offset) => base64Within(bytes, offset));
  const decimals = [...bytes].join(',');
  return [...new Set([...text, hex, hex.toUpperCase(), ...shifted, decimals, bytes.toString('latin1')])];
}

/** Which canaries are in the text; each by its name and the form it has there. */
export function findCanaries(canaries: readonly Canary[], text: string): string[] {
  return canaries.flatMap(({ name, secret }) =>
    spellingsOf(secret).flatMap((spelling, index) =>
      text.includes(spelling) ? [`${name}, spelling ${index}`] : [],
    ),
  );
}

/** The characters that stay the same whatever stands before and behind, when `offset` bytes stand before. */
function base64Within(bytes: Buffer, offset: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor((padded.length * 8) / 6);
  return (['base64', 'base64url'] as const).map((form) => padded.toString(form).slice(first, last));
}
