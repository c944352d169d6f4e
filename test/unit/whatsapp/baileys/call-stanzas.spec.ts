import { describe, expect, it } from '@jest/globals';
import { decodeBinaryNode, encodeBinaryNode, type BinaryNode } from '@whiskeysockets/baileys';
import {
  offerStanza,
  primaryFirst,
  readCalleeNews,
  readOfferAck,
  terminateStanza,
  type OfferParts,
} from '../../../../src/whatsapp/baileys/call-stanzas.js';

const CALL_ID = '00C28E4F1A2B3C4D5E6F708192A3B4C5';
const CREATOR = '100000000000001:7@lid';
const CALLEE = '200000000000001@lid';

const PARTS: OfferParts = {
  stanzaId: '31415.92653-1',
  callId: CALL_ID,
  to: CALLEE,
  creator: CREATOR,
  keys: [
    { device: CALLEE, type: 'pkmsg', ciphertext: Buffer.from('first') },
    { device: '200000000000001:12@lid', type: 'msg', ciphertext: Buffer.from('second') },
  ],
  deviceIdentity: Buffer.from('identity'),
  trustToken: Buffer.from('token'),
};

/** Tag, attributes and bytes of every node, one line each, in the order on the wire. */
function drawn(node: BinaryNode, indent = ''): string[] {
  const attrs = Object.entries(node.attrs).map(([name, value]) => ` ${name}=${value}`);
  const { content } = node;
  const bytes = content instanceof Uint8Array ? ` ${Buffer.from(content).toString('hex')}` : '';
  const children = Array.isArray(content) ? content.flatMap((child) => drawn(child, `${indent}  `)) : [];
  return [`${indent}${node.tag}${attrs.join('')}${bytes}`, ...children];
}

const hex = (text: string): string => Buffer.from(text).toString('hex');

describe('an offer on the wire', () => {
  const lines = [
    `call to=${CALLEE} id=31415.92653-1`,
    `  offer call-id=${CALL_ID} call-creator=${CREATOR}`,
    `    privacy ${hex('token')}`,
    '    audio enc=opus rate=8000',
    '    audio enc=opus rate=16000',
    '    net medium=3',
    '    capability ver=1 0105f709e0bb13',
    '    destination',
    `      to jid=${CALLEE}`,
    `        enc v=2 type=pkmsg count=0 ${hex('first')}`,
    '      to jid=200000000000001:12@lid',
    `        enc v=2 type=msg count=0 ${hex('second')}`,
    '    encopt keygen=2',
    `    device-identity ${hex('identity')}`,
  ];

  it('has exactly these children with these attributes, in this order', () => {
    expect(drawn(offerStanza(PARTS))).toEqual(lines);
  });

  it('has no privacy child when the callee never gave us a token', () => {
    expect(drawn(offerStanza({ ...PARTS, trustToken: undefined }))).toEqual(
      lines.filter((line) => !line.includes('privacy')),
    );
  });

  it('keeps the destination for a single device', () => {
    const single = drawn(offerStanza({ ...PARTS, keys: PARTS.keys.slice(0, 1) }));
    expect(single).toEqual(lines.filter((_, index) => index !== 10 && index !== 11));
  });

  it('survives the binary encoding unchanged', async () => {
    const stanza = offerStanza(PARTS);
    expect(drawn(await decodeBinaryNode(encodeBinaryNode(stanza)))).toEqual(drawn(stanza));
  });
});

describe('a terminate on the wire', () => {
  const parts = { stanzaId: 'tag-2', callId: CALL_ID, creator: CREATOR, device: '200000000000001:12@lid' };

  it('goes to one device, has an id of its own, names us as the creator and gives no reason', () => {
    expect(terminateStanza(parts)).toEqual({
      tag: 'call',
      attrs: { to: '200000000000001:12@lid', id: 'tag-2' },
      content: [{ tag: 'terminate', attrs: { 'call-id': CALL_ID, 'call-creator': CREATOR } }],
    });
  });

  it.each(['accepted_elsewhere', 'rejected_elsewhere'] as const)('may give the reason %s', (reason) => {
    expect(drawn(terminateStanza({ ...parts, reason }))).toEqual([
      'call to=200000000000001:12@lid id=tag-2',
      `  terminate call-id=${CALL_ID} call-creator=${CREATOR} reason=${reason}`,
    ]);
  });
});

describe('the ack of an offer', () => {
  const ack = (attrs: Record<string, string>, content?: BinaryNode[]): BinaryNode => ({
    tag: 'ack',
    attrs: { class: 'call', type: 'offer', id: '1', from: CALLEE, ...attrs },
    ...(content && { content }),
  });
  const error = (code?: string): BinaryNode => ({ tag: 'error', attrs: { ...(code && { code }) } });

  it.each([
    ['nothing in it', ack({})],
    [
      'a relay',
      ack({}, [
        { tag: 'relay', attrs: { uuid: 'x' } },
        { tag: 'rte', attrs: {} },
      ]),
    ],
    ['an error-like child that is none', ack({}, [{ tag: 'errors', attrs: { code: '404' } }])],
  ])('accepts with %s', (_, node) => {
    expect(readOfferAck(node)).toEqual({ accepted: true, ack: node });
  });

  it.each([
    ['in its attribute', ack({ error: '406' }), 406],
    ['in its attribute beside a relay', ack({ error: '463' }, [{ tag: 'relay', attrs: {} }]), 463],
    ['in a child', ack({}, [error('404')]), 404],
    ['in a child after others', ack({}, [{ tag: 'relay', attrs: {} }, error('439')]), 439],
    ['in both, of which the attribute counts', ack({ error: '403' }, [error('404')]), 403],
    ['as words instead of a number', ack({ error: 'not-allowed' }), 0],
  ])('refuses with the code %s', (_, node, code) => {
    expect(readOfferAck(node)).toEqual({ accepted: false, code });
  });
});

describe('a stanza of the callee', () => {
  const from = '200000000000001:12@lid';
  const call = (
    tag: string,
    attrs: Record<string, string> = {},
    callAttrs: Record<string, string> = { from },
  ): BinaryNode => ({
    tag: 'call',
    attrs: callAttrs,
    content: [{ tag, attrs: { 'call-id': CALL_ID, 'call-creator': CREATOR, ...attrs } }],
  });

  it.each(['preaccept', 'accept'])('tells of a %s', (kind) => {
    expect(readCalleeNews(call(kind))).toEqual({ kind, callId: CALL_ID, device: from });
  });

  it.each(['reject', 'terminate'])('tells of a %s with its reason, if there is one', (kind) => {
    expect(readCalleeNews(call(kind, { reason: 'busy' }))).toEqual({
      kind,
      callId: CALL_ID,
      device: from,
      reason: 'busy',
    });
    expect(readCalleeNews(call(kind))).toEqual({ kind, callId: CALL_ID, device: from, reason: null });
  });

  it.each(['', 'no\u0000word', 'two words', 'x'.repeat(129)])('keeps nothing of the reason %j', (reason) => {
    expect(readCalleeNews(call('terminate', { reason }))).toMatchObject({ reason: null });
  });

  it.each(['relaylatency', 'transport', 'mute_v2', 'video', 'offer', 'offer_notice', 'enc_rekey', 'ringing'])(
    'says nothing about ringing with <%s>',
    (tag) => {
      expect(readCalleeNews(call(tag))).toBeUndefined();
    },
  );

  it.each([
    ['without a sender', call('accept', {}, {})],
    ['without a call id', call('accept', { 'call-id': '' })],
    ['without a child', { tag: 'call', attrs: { from } }],
    ['with bytes instead of a child', { tag: 'call', attrs: { from }, content: Buffer.from('accept') }],
  ])('is ignored %s', (_, node) => {
    expect(readCalleeNews(node)).toBeUndefined();
  });
});

it('names the primary first, then the companions by their numbers', () => {
  const devices = ['1:12@lid', '1:3@lid', '1@lid', '1:40@lid'];
  expect(primaryFirst(devices)).toEqual(['1@lid', '1:3@lid', '1:12@lid', '1:40@lid']);
  expect(devices[0]).toBe('1:12@lid');
});
