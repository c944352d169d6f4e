import { randomBytes } from 'node:crypto';
import { SealBroken, SecretBox } from '../../../src/common/crypto/secret-box.js';

const context = ['instance-1', 'proxy-password'];

describe('secret box', () => {
  it('opens what it sealed in the same place', () => {
    const box = new SecretBox([randomBytes(32)]);
    expect(box.openText(box.sealText('hällo', context), context)).toBe('hällo');
  });

  it('seals the same value differently each time', () => {
    const box = new SecretBox([randomBytes(32)]);
    expect(box.sealText('x', context).equals(box.sealText('x', context))).toBe(false);
  });

  it('does not open a value that was copied to another place', () => {
    const box = new SecretBox([randomBytes(32)]);
    const sealed = box.sealText('x', ['ab', 'c']);
    expect(() => box.openText(sealed, ['a', 'bc'])).toThrow(SealBroken);
    expect(() => box.openText(sealed, ['ab'])).toThrow(SealBroken);
  });

  it('notices every changed byte', () => {
    const box = new SecretBox([randomBytes(32)]);
    const sealed = box.sealText('value', context);
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8((changed.readUInt8(index) + 1) % 256, index);
      expect(() => box.open(changed, context)).toThrow(SealBroken);
    }
  });

  it('refuses a value that is too short to be sealed', () => {
    expect(() => new SecretBox([randomBytes(32)]).open(Buffer.alloc(5), context)).toThrow(SealBroken);
  });

  it('reads values of an older key and knows that they are stale', () => {
    const older = randomBytes(32);
    const before = new SecretBox([older]);
    const after = new SecretBox([randomBytes(32), older]);
    const sealed = before.sealText('x', context);
    expect(after.openText(sealed, context)).toBe('x');
    expect(after.isStale(sealed)).toBe(true);
    expect(after.isStale(after.sealText('x', context))).toBe(false);
  });

  it('does not open values of a key that it was not given', () => {
    const sealed = new SecretBox([randomBytes(32)]).sealText('x', context);
    expect(() => new SecretBox([randomBytes(32)]).open(sealed, context)).toThrow('another encryption key');
  });

  it('takes 32-byte keys only', () => {
    expect(() => new SecretBox([])).toThrow(TypeError);
    expect(() => new SecretBox([randomBytes(31)])).toThrow(TypeError);
  });
});
