import { randomBytes } from 'node:crypto';
import { findCanaries } from '../../support/canaries.js';

describe('the search for secrets', () => {
  const canaries = [{ name: 'password', secret: 'p"ss wörd+/=%' }];

  it.each<[string, (bytes: Buffer) => string]>([
    ['as it is', (bytes) => bytes.toString()],
    ['in JSON', (bytes) => JSON.stringify({ said: bytes.toString() })],
    ['percent-encoded', (bytes) => encodeURIComponent(bytes.toString())],
    ['in hex', (bytes) => bytes.toString('hex')],
    ['in capital hex', (bytes) => bytes.toString('hex').toUpperCase()],
    ['in base64', (bytes) => bytes.toString('base64')],
    ['in base64 behind one byte', (bytes) => Buffer.concat([Buffer.of(7), bytes]).toString('base64')],
    [
      'in base64 between others',
      (bytes) => Buffer.concat([Buffer.of(7, 7), bytes, Buffer.of(7)]).toString('base64'),
    ],
    ['in base64 for addresses', (bytes) => bytes.toString('base64url')],
    ['as numbers', (bytes) => JSON.stringify(bytes)],
  ])('finds one that stands %s', (_, write) => {
    const text = `some text before ${write(Buffer.from(canaries[0]?.secret ?? ''))} and behind`;
    expect(findCanaries(canaries, text)).not.toEqual([]);
  });

  it('finds key bytes in hex and in base64', () => {
    const secret = randomBytes(32);
    const keys = [{ name: 'key', secret }];
    for (const form of ['hex', 'base64', 'base64url', 'latin1'] as const) {
      expect(findCanaries(keys, `x${secret.toString(form)}x`)).toHaveLength(1);
    }
  });

  it('finds nothing where nothing is', () => {
    expect(findCanaries(canaries, randomBytes(10_000).toString('base64'))).toEqual([]);
  });
});
