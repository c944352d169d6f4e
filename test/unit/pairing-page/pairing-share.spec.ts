import { randomBytes } from 'node:crypto';
import { SecretBox } from '../../../src/common/crypto/secret-box.js';
import { readShare, SHARE_KEY_PURPOSE, signShare } from '../../../src/pairing-page/pairing-share.js';

const SHARE = {
  instanceId: 'f7c1b1a4-7f0e-4a57-9d0c-0a3f3f1f5b11',
  issuedAt: new Date('2026-01-31T12:00:00.123Z'),
  expiresAt: new Date('2026-01-31T12:15:00.123Z'),
  tokens: Buffer.from('12345'),
};
const MASTER = randomBytes(32);
const [KEY = Buffer.alloc(0)] = new SecretBox([MASTER]).deriveKeys(SHARE_KEY_PURPOSE);

describe('a share in the address of a pairing page', () => {
  it('says which instance it opens, since when, until when, and under which tokens', () => {
    expect(readShare(signShare(SHARE, KEY), [KEY])).toEqual(SHARE);
  });

  it('is short, fits into an address as it is, and is another one each time', () => {
    const shares = [signShare(SHARE, KEY), signShare(SHARE, KEY)];
    for (const share of shares) expect(share).toMatch(/^[A-Za-z0-9_-]{92}$/);
    expect(shares[0]).not.toBe(shares[1]);
  });

  it('opens nothing once a single bit of it was changed', () => {
    const bytes = Buffer.from(signShare(SHARE, KEY), 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(readShare(changed.toString('base64url'), [KEY])).toBeUndefined();
    }
  });

  it.each([
    ['nothing', ''],
    ['other characters', '*'.repeat(92)],
    ['too few characters', signShare(SHARE, KEY).slice(1)],
    ['too many', `${signShare(SHARE, KEY)}AAAA`],
    ['padding', `${signShare(SHARE, KEY)}=`],
    ['white space', `${signShare(SHARE, KEY)}\n`],
  ])('is not read from %s', (_, text) => {
    expect(readShare(text, [KEY])).toBeUndefined();
  });

  it('is worth nothing under a key of another purpose or another installation', () => {
    const [otherPurpose = Buffer.alloc(0)] = new SecretBox([MASTER]).deriveKeys('something else');
    const [otherMaster = Buffer.alloc(0)] = new SecretBox([randomBytes(32)]).deriveKeys(SHARE_KEY_PURPOSE);
    for (const key of [otherPurpose, otherMaster, MASTER]) {
      expect(readShare(signShare(SHARE, key), [KEY])).toBeUndefined();
    }
  });

  it('stays good when a new encryption key takes over, and is signed with the new one from then on', () => {
    const newer = randomBytes(32);
    const keys = new SecretBox([newer, MASTER]).deriveKeys(SHARE_KEY_PURPOSE);
    expect(readShare(signShare(SHARE, KEY), keys)).toEqual(SHARE);
    const [current] = new SecretBox([newer]).deriveKeys(SHARE_KEY_PURPOSE);
    expect(keys[0]).toEqual(current);
  });
});
