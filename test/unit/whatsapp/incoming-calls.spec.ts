import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { IncomingCalls, type IncomingCallNews } from '../../../src/whatsapp/baileys/incoming-calls.js';
import { rejectStanza } from '../../../src/whatsapp/baileys/incoming-stanzas.js';

const CALL_ID = '00C28E4F1A2B3C4D5E6F708192A3B4C5';
const CALLER = '200000000000001:12@lid';
const CALLER_PN = '5511922220000@s.whatsapp.net';
const OWN = { id: '5511911110000:7@s.whatsapp.net', lid: '100000000000001:7@lid' };

interface Variation {
  readonly callId?: string;
  readonly from?: string;
  readonly node?: Record<string, string>;
  readonly child?: Record<string, string>;
  readonly content?: BinaryNode[];
}

/** A `<call>` stanza from a caller; `caller_pn` comes with offers and notices. */
function call(
  tag: string,
  { callId = CALL_ID, from = CALLER, node, child, content }: Variation = {},
): BinaryNode {
  return {
    tag: 'call',
    attrs: { from, id: 'stanza-1', t: '1767225600', ...node },
    content: [{ tag, attrs: { 'call-id': callId, 'call-creator': from, ...child }, content }],
  };
}

const offer = (variation: Variation = {}): BinaryNode =>
  call('offer', { ...variation, child: { caller_pn: CALLER_PN, ...variation.child } });

describe('incoming calls', () => {
  let calls: IncomingCalls;
  let told: IncomingCallNews[];
  const outgoing = new Set<string>();

  beforeEach(() => {
    outgoing.clear();
    told = [];
    calls = new IncomingCalls(
      (callId) => outgoing.has(callId),
      (news) => told.push(news),
    );
  });

  const hear = (node: BinaryNode): void => calls.onCall(node, OWN);
  const ends = () =>
    told.flatMap((news) =>
      news.type === 'incoming_call_ended' ? [[news.reason, news.answeredElsewhere, news.rang]] : [],
    );

  it('are told with the bare LID and the phone number of the caller', () => {
    hear(offer());
    expect(told).toEqual([
      {
        type: 'incoming_call',
        callId: CALL_ID,
        from: '200000000000001@lid',
        number: '5511922220000',
        replyTo: CALLER_PN,
        isVideo: false,
        isGroup: false,
        offeredAt: new Date('2026-01-01T00:00:00Z'),
      },
    ]);
  });

  it.each([
    ['is not given', {}],
    ['is no phone number', { caller_pn: 'nobody@s.whatsapp.net' }],
    ['is a LID', { caller_pn: '300000000000001@lid' }],
    ['is a group', { caller_pn: '120363000000000000@g.us' }],
  ])('have no number and are answered at the LID when the phone number %s', (_, child) => {
    hear(call('offer', { child }));
    expect(told).toMatchObject([
      { number: null, from: '200000000000001@lid', replyTo: '200000000000001@lid' },
    ]);
  });

  it('come from a phone-number JID when the caller has an old client', () => {
    hear(call('offer', { from: '5511922220000:3@s.whatsapp.net' }));
    expect(told).toMatchObject([{ from: CALLER_PN, number: '5511922220000', replyTo: CALLER_PN }]);
  });

  it('say whether they are video or group calls', () => {
    hear(offer({ content: [{ tag: 'video', attrs: {} }] }));
    hear(offer({ callId: 'B', child: { type: 'group' } }));
    hear(offer({ callId: 'C', child: { 'group-jid': '120363000000000000@g.us' } }));
    hear(call('offer_notice', { callId: 'D', child: { media: 'video', type: 'group' } }));
    expect(told.map(({ isVideo, isGroup }) => [isVideo, isGroup])).toEqual([
      [true, false],
      [false, true],
      [false, true],
      [true, true],
    ]);
  });

  it.each([
    ['the caller hangs up', undefined, null, false],
    ['nobody answers', 'timeout', 'timeout', false],
    ['the phone takes them', 'accepted_elsewhere', 'accepted_elsewhere', true],
    ['the phone declines them', 'rejected_elsewhere', 'rejected_elsewhere', false],
  ])('end once when %s', (_, reason, told_, answeredElsewhere) => {
    hear(offer());
    hear(call('terminate', { child: reason === undefined ? {} : { reason } }));
    hear(call('terminate', { child: { reason: 'timeout' } }));
    expect(ends()).toEqual([[told_, answeredElsewhere, true]]);
    expect(told[1]).toMatchObject({ from: '200000000000001@lid', number: '5511922220000' });
  });

  it.each([
    ['accept', 'accepted_elsewhere', true],
    ['reject', 'rejected_elsewhere', false],
  ])('end when another device of the account says %s', (tag, reason, answeredElsewhere) => {
    hear(offer());
    hear(call(tag, { node: { from: '100000000000001@lid' } }));
    expect(ends()).toEqual([[reason, answeredElsewhere, true]]);
  });

  it('do not end when somebody else claims to have taken or declined them', () => {
    hear(offer());
    hear(call('accept'));
    hear(call('reject', { node: { from: '300000000000001@lid' } }));
    expect(ends()).toEqual([]);
  });

  it.each([
    ['are replayed after an absence', offer({ node: { offline: '0' } })],
    ['are only noticed', call('offer_notice')],
    ['end before they were heard of', call('terminate')],
  ])('are told as over and not as ringing when they %s', (_, node) => {
    hear(node);
    expect(told.map(({ type }) => type)).toEqual(['incoming_call_ended']);
    expect(ends()).toEqual([[null, false, false]]);
    hear(offer());
    hear(call('terminate'));
    expect(told).toHaveLength(1);
  });

  it('ring on when the server repeats an offer, and are told once', () => {
    hear(offer());
    hear(offer());
    hear(offer({ node: { offline: '0' } }));
    hear(call('offer_notice'));
    expect(told.map(({ type }) => type)).toEqual(['incoming_call']);
    hear(call('terminate', { node: { offline: '0' } }));
    expect(ends()).toEqual([[null, false, true]]);
  });

  it('are no calls that were placed here, whatever stanza names them', () => {
    outgoing.add(CALL_ID);
    for (const tag of ['offer', 'offer_notice', 'accept', 'reject', 'terminate']) hear(call(tag));
    expect(told).toEqual([]);
  });

  it.each([
    ['LID', '100000000000001@lid'],
    ['LID device', OWN.lid],
    ['number', '5511911110000@s.whatsapp.net'],
  ])('are no calls that the account places with its %s as creator', (_, creator) => {
    for (const tag of ['offer', 'terminate', 'preaccept', 'accept']) {
      hear(call(tag, { child: { 'call-creator': creator } }));
    }
    expect(told).toEqual([]);
  });

  it('are heard of while the own addresses are not known yet', () => {
    calls.onCall(offer(), undefined);
    expect(told).toHaveLength(1);
  });

  it.each([
    ['no child', { tag: 'call', attrs: { from: CALLER } }],
    ['no call-id', { tag: 'call', attrs: { from: CALLER }, content: [{ tag: 'offer', attrs: {} }] }],
    ['an empty call-id', offer({ callId: '' })],
    ['no caller', { tag: 'call', attrs: {}, content: [{ tag: 'offer', attrs: { 'call-id': CALL_ID } }] }],
    ['a caller that is no person', offer({ from: '120363000000000000@g.us' })],
    ['media negotiation', call('transport')],
    ['an answer to an unknown call', call('accept')],
  ])('are not made up from a stanza with %s', (_, node) => {
    hear(node);
    expect(told).toEqual([]);
  });

  it('have no time when the stanza has none that can be read', () => {
    hear(offer({ node: { t: 'soon' } }));
    expect(told).toMatchObject([{ offeredAt: null }]);
  });

  it('are not heard of when their id could not be stored, and end without a reason that could not', () => {
    hear(offer({ callId: 'no\u0000id' }));
    expect(told).toEqual([]);
    hear(offer());
    hear(call('terminate', { child: { reason: 'no\u0000word' } }));
    expect(ends()).toEqual([[null, false, true]]);
  });

  it('are forgotten after 500 others, so that memory has an end', () => {
    for (let other = 0; other <= 500; other++) hear(offer({ callId: `call-${other}` }));
    hear(offer({ callId: 'call-1' })); // still known
    expect(told).toHaveLength(501);
    hear(offer({ callId: 'call-0' })); // the oldest is gone
    expect(told).toHaveLength(502);
  });

  describe('that are declined here', () => {
    const ref = { callId: CALL_ID, from: '200000000000001@lid' };
    let declined: string[];
    const decline = (creator: string): Promise<void> => {
      declined.push(creator);
      return Promise.resolve();
    };

    beforeEach(() => {
      declined = [];
    });

    it('are declined at the creator that the offer named, and nothing more is told', async () => {
      hear(offer());
      await calls.reject(ref, decline);
      hear(call('terminate', { child: { reason: 'rejected_elsewhere' } }));
      expect(declined).toEqual([CALLER]);
      expect(ends()).toEqual([]);
    });

    it('are declined at the bare address when an earlier process heard the offer', async () => {
      await calls.reject(ref, decline);
      expect(declined).toEqual(['200000000000001@lid']);
    });

    it('are left alone when they are over', async () => {
      hear(offer());
      hear(call('terminate'));
      await calls.reject(ref, decline);
      expect(declined).toEqual([]);
    });

    it('still ring after an answer that did not get through', async () => {
      hear(offer());
      await expect(calls.reject(ref, () => Promise.reject(new Error('cut')))).rejects.toThrow('cut');
      await calls.reject(ref, decline);
      expect(declined).toEqual([CALLER]);
    });
  });

  it('are declined with a stanza that carries an id, names the creator and holds nothing else', () => {
    expect(rejectStanza({ stanzaId: 'id-1', callId: CALL_ID, creator: CALLER })).toEqual({
      tag: 'call',
      attrs: { to: CALLER, id: 'id-1' },
      content: [{ tag: 'reject', attrs: { 'call-id': CALL_ID, 'call-creator': CALLER, count: '0' } }],
    });
  });
});
