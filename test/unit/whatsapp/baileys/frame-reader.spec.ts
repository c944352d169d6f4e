import { createDecipheriv } from 'node:crypto';
import { FrameReader } from '../../../../src/whatsapp/baileys/frame-reader.js';

/** A library that has some frames in its buffer: each is fine, or fails as it is taken off. */
function setUp({ isEstablished = true } = {}) {
  const buffer: unknown[] = [];
  const seen: string[] = [];
  const reader = new FrameReader(
    async (data) => {
      if (Array.isArray(data)) buffer.push(...(data as unknown[]));
      for (let frame = buffer.shift(); frame; frame = buffer.shift()) {
        await Promise.resolve();
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- errors of Node are no Error here, where Jest has its own
        if (frame !== 'fine') throw frame;
        seen.push('read');
        reader.succeeded();
      }
    },
    {
      isEstablished: () => isEstablished,
      skipped: () => seen.push('skipped'),
      broken: () => seen.push('broken'),
    },
  );
  return { reader, seen };
}

function decryptionError(tagBytes: number): unknown {
  try {
    const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32), Buffer.alloc(12));
    decipher.setAuthTag(Buffer.alloc(tagBytes));
    decipher.final();
  } catch (cause) {
    return cause;
  }
  throw new Error('it decrypted');
}

const unreadable = () => new Error('invalid jid pair: , ');

describe('the frames of a connection', () => {
  it('are read behind one that makes no sense, also when they came together', async () => {
    const { reader, seen } = setUp();
    await reader.take(['fine', unreadable(), 'fine', unreadable(), unreadable(), 'fine']);
    expect(seen).toEqual(['read', 'skipped', 'read', 'skipped', 'skipped', 'read']);
  });

  it.each([16, 3])('end it when one does not decrypt (tag of %i bytes)', async (tagBytes) => {
    const { reader, seen } = setUp();
    await reader.take(['fine', decryptionError(tagBytes)]);
    expect(seen).toEqual(['read', 'broken']);
  });

  it('end it when none makes sense any more', async () => {
    const { reader, seen } = setUp();
    await reader.take(Array.from({ length: 5 }, unreadable));
    expect(seen).toEqual(['skipped', 'skipped', 'skipped', 'skipped', 'broken']);
  });

  it('end it when one makes no sense before the login is over', async () => {
    const { reader, seen } = setUp({ isEstablished: false });
    await reader.take([unreadable()]);
    expect(seen).toEqual(['broken']);
  });
});
