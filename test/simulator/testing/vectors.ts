import type { BinaryNode } from '@whiskeysockets/baileys';

const CREATOR = '100000000000001:1@lid';
const CALLEE = '200000000000001@lid';
const COMPANION = '200000000000001:12@lid';
const CALL_ID = '00C28E4F1A2B3C4D5E6F708192A3B4C5';
const CALL_ATTRS = { 'call-id': CALL_ID, 'call-creator': CREATOR };

function target(jid: string, ciphertext: string): BinaryNode {
  const enc = {
    tag: 'enc',
    attrs: { v: '2', type: 'pkmsg', count: '0' },
    content: Buffer.from(ciphertext, 'hex'),
  };
  return { tag: 'to', attrs: { jid }, content: [enc] };
}

/**
 * Stanzas and their bytes, frozen: simulator and client share one codec, so that a fault in it would cancel itself out
 * everywhere else.
 */
export const VECTORS: readonly { name: string; node: BinaryNode; hex: string }[] = [
  {
    name: 'an offer to two devices',
    node: {
      tag: 'call',
      attrs: { to: CALLEE, id: '1234.5678-9' },
      content: [
        {
          tag: 'offer',
          attrs: CALL_ATTRS,
          content: [
            { tag: 'audio', attrs: { enc: 'opus', rate: '8000' } },
            { tag: 'audio', attrs: { enc: 'opus', rate: '16000' } },
            { tag: 'net', attrs: { medium: '3' } },
            { tag: 'capability', attrs: { ver: '1' }, content: Buffer.from('0105f709e0bb13', 'hex') },
            {
              tag: 'destination',
              attrs: {},
              content: [target(CALLEE, '3301aa'), target(COMPANION, '3302bb')],
            },
            { tag: 'encopt', attrs: { keygen: '2' } },
            { tag: 'device-identity', attrs: {}, content: Buffer.from('0a02beef', 'hex') },
          ],
        },
      ],
    },
    hex:
      '00f8066411faff88200000000000001f7608ff861234b5678a9ff801f806ec1c68fb1000c28e4f1a2b3c4d5e6f708192a3b4c547' +
      'f70101ff88100000000000001ff807f805a11dec1eec1dec87f805a11dec1eec1dff8316000ff803ec68ec24a2f804b4ec2155' +
      'fc070105f709e0bb13f802eca9f802f804110cfaff88200000000000001f76f801f8081d51450453412dfc033301aaf804110c' +
      'f7010cff88200000000000001ff801f8081d51450453412dfc033302bbf803ec15ec1a45f802e6fc040a02beef',
  },
  {
    name: 'an ack that refuses an offer',
    node: {
      tag: 'ack',
      attrs: { class: 'call', type: 'offer', id: '1234.5678-9', from: CALLEE, error: '439' },
    },
    hex: '00f80b1b156404ec1c08ff861234b5678a9f06faff88200000000000001f76a8ff82439f',
  },
  {
    name: 'a terminate for a linked device',
    node: {
      tag: 'call',
      attrs: { to: COMPANION, id: '1234.5678-10' },
      content: [{ tag: 'terminate', attrs: { ...CALL_ATTRS, reason: 'timeout' } }],
    },
    hex:
      '00f8066411f7010cff88200000000000001f08ff061234b5678a10f801f807d368fb1000c28e4f1a2b3c4d5e6f708192a3b4c547' +
      'f70101ff88100000000000001fec2eecb5',
  },
  {
    name: 'the receipt of an offer',
    node: {
      tag: 'receipt',
      attrs: { from: COMPANION, id: '1234.5678-9', t: '1790000000' },
      content: [{ tag: 'offer', attrs: CALL_ATTRS }],
    },
    hex:
      '00f8080706f7010cff88200000000000001f08ff861234b5678a9f1aff051790000000f801f805ec1c68fb1000c28e4f1a2b3c4d' +
      '5e6f708192a3b4c547f70101ff88100000000000001f',
  },
];
