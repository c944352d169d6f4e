import { beforeEach, describe, expect, it } from '@jest/globals';
import { OutgoingCall } from '../../../../src/whatsapp/baileys/outgoing-call.js';
import type { CallReport } from '../../../../src/whatsapp/whatsapp-signals.js';
import { CALL_ID, CREATOR, DESKTOP, PHONE, ringOf, says, WEB } from '../support/callee.js';
import { FakeLine } from '../support/fake-line.js';

const OFFERED_AT_MS = 5_000;
/** Later than any client declines by itself. */
const LATER_MS = OFFERED_AT_MS + 5_000;
const AT_ONCE_MS = OFFERED_AT_MS + 1_999;

let line: FakeLine;
let news: CallReport[];

beforeEach(() => {
  line = new FakeLine();
  news = [];
});

function callTo(...devices: string[]): OutgoingCall {
  return new OutgoingCall(ringOf(devices), line, OFFERED_AT_MS, (one) => news.push(one));
}

const tell = (call: OutgoingCall, device: string, tag: string, reason?: string, nowMs = LATER_MS): void =>
  call.onStanza(says(device, tag, reason), nowMs);

describe('the progress of a call', () => {
  it('is delivered with the first receipt of any device', () => {
    const call = callTo(PHONE, WEB);
    call.onReceipt(PHONE);
    call.onReceipt(PHONE);
    expect(news).toEqual([{ type: 'delivered' }]);
  });

  it('rings with the first preaccept', () => {
    const call = callTo(PHONE, WEB);
    call.onReceipt(PHONE);
    tell(call, PHONE, 'preaccept');
    tell(call, WEB, 'preaccept');
    expect(news).toEqual([{ type: 'delivered' }, { type: 'ringing' }]);
    expect(line.sent).toEqual([]);
  });

  it('counts as delivered when it rings before a receipt came', () => {
    const call = callTo(PHONE);
    tell(call, PHONE, 'preaccept');
    call.onReceipt(PHONE);
    expect(news).toEqual([{ type: 'delivered' }, { type: 'ringing' }]);
  });

  it.each(['relaylatency', 'transport', 'mute_v2', 'video', 'offer_notice'])(
    'is not moved by <%s>',
    (tag) => {
      const call = callTo(PHONE);
      tell(call, PHONE, tag);
      expect(news).toEqual([]);
      expect(line.sent).toEqual([]);
    },
  );
});

const RINGING: CallReport[] = [{ type: 'delivered' }, { type: 'ringing' }];

/** `syntheticMs`: how long a companion that declines is taken for one that does so by itself. */
const BEFORE: [
  state: string,
  reach: (call: OutgoingCall) => void,
  told: CallReport[],
  syntheticMs: number,
][] = [
  ['calling', () => undefined, [], 2_000],
  ['delivered', (call) => call.onReceipt(PHONE), [{ type: 'delivered' }], 2_000],
  ['ringing', (call) => tell(call, PHONE, 'preaccept'), RINGING, 5_000],
];

describe.each(BEFORE)('a call that is %s', (_, reach, told, syntheticMs) => {
  function reached(...devices: string[]): OutgoingCall {
    const call = callTo(...devices);
    reach(call);
    expect(news.splice(0)).toEqual(told);
    return call;
  }

  it('is answered: the answerer is hung up at once, the others are told that it was accepted elsewhere', () => {
    tell(reached(PHONE, WEB, DESKTOP), WEB, 'accept');
    expect(news).toEqual([{ type: 'answered' }]);
    expect(line.stopped).toEqual([
      `${WEB} -`,
      `${PHONE} accepted_elsewhere`,
      `${DESKTOP} accepted_elsewhere`,
    ]);
  });

  it.each([
    ['', undefined],
    [' with a reason that nobody knows', 'not_now'],
  ])('is declined by a person on the phone%s: the other devices are dismissed', (_text, reason) => {
    tell(reached(PHONE, WEB, DESKTOP), PHONE, 'reject', reason, OFFERED_AT_MS);
    expect(news).toEqual([{ type: 'refused_by_callee', refusal: 'rejected' }]);
    expect(line.stopped).toEqual([`${WEB} rejected_elsewhere`, `${DESKTOP} rejected_elsewhere`]);
  });

  it(`is declined by a person on a companion ${syntheticMs} ms after the offer`, () => {
    tell(reached(PHONE, WEB, DESKTOP), WEB, 'reject', undefined, OFFERED_AT_MS + syntheticMs);
    expect(news).toEqual([{ type: 'refused_by_callee', refusal: 'rejected' }]);
    expect(line.stopped).toEqual([`${PHONE} rejected_elsewhere`, `${DESKTOP} rejected_elsewhere`]);
  });

  it('goes on when a companion declines by itself before', () => {
    tell(reached(PHONE, WEB, DESKTOP), WEB, 'reject', undefined, OFFERED_AT_MS + syntheticMs - 1);
    expect(news).toEqual([]);
    expect(line.sent).toEqual([]);
  });

  it.each([
    ['busy', 'busy'],
    ['enc', 'unreachable'],
    ['uncallable', 'unreachable'],
    ['tos', 'unreachable'],
  ])('loses the device that says %s and ends as %s when none is left', (reason, refusal) => {
    const call = reached(PHONE, WEB);
    tell(call, WEB, 'reject', reason);
    tell(call, WEB, 'reject', reason);
    expect(news).toEqual([]);
    tell(call, PHONE, 'reject', reason);
    expect(news).toEqual([{ type: 'refused_by_callee', refusal }]);
    expect(line.sent).toEqual([]);
  });

  it.each([
    ['timeout', '-'],
    ['busy', '-'],
    ['group_call_ended', '-'],
    ['not_known', '-'],
    ['accepted_elsewhere', 'accepted_elsewhere'],
    ['rejected_elsewhere', 'rejected_elsewhere'],
  ])('is ended by the other side with %s: whatever else rings is stopped', (reason, dismissal) => {
    tell(reached(PHONE, WEB, DESKTOP), PHONE, 'terminate', reason);
    expect(news).toEqual([{ type: 'ended_remotely', reason }]);
    expect(line.stopped).toEqual([`${WEB} ${dismissal}`, `${DESKTOP} ${dismissal}`]);
  });

  it('is ended by the other side without a reason', () => {
    tell(reached(PHONE), PHONE, 'terminate');
    expect(news).toEqual([{ type: 'ended_remotely', reason: null }]);
  });

  it('is hung up by us: every device gets a terminate of its own', async () => {
    await reached(WEB, PHONE, DESKTOP).hangUp();
    expect(line.stopped).toEqual([`${PHONE} -`, `${WEB} -`, `${DESKTOP} -`]);
    expect(news).toEqual([]);
  });
});

describe('rejects of several devices', () => {
  it('end as busy when at least one device was busy', () => {
    const call = callTo(PHONE, WEB, DESKTOP);
    tell(call, WEB, 'reject', 'uncallable');
    tell(call, PHONE, 'reject', 'busy');
    tell(call, DESKTOP, 'reject', undefined, AT_ONCE_MS);
    expect(news).toEqual([{ type: 'refused_by_callee', refusal: 'busy' }]);
  });

  it('end as unreachable when the only device declines by itself', () => {
    tell(callTo(WEB), WEB, 'reject', undefined, AT_ONCE_MS);
    expect(news).toEqual([{ type: 'refused_by_callee', refusal: 'unreachable' }]);
  });

  it('of a companion are its own before five seconds only while the phone rings, not another companion', () => {
    const call = callTo(PHONE, WEB, DESKTOP);
    tell(call, DESKTOP, 'preaccept');
    tell(call, WEB, 'reject', undefined, OFFERED_AT_MS + 2_000);
    expect(news.at(-1)).toEqual({ type: 'refused_by_callee', refusal: 'rejected' });
  });

  it('name the primary with or without its device number', () => {
    tell(callTo(PHONE, WEB), '200000000000001:0@lid', 'reject');
    expect(line.stopped).toEqual([`${WEB} rejected_elsewhere`]);
  });

  it('leave out of later terminates those who are gone already', async () => {
    const call = callTo(PHONE, WEB, DESKTOP);
    tell(call, WEB, 'reject', 'busy');
    await call.hangUp();
    expect(line.stopped).toEqual([`${PHONE} -`, `${DESKTOP} -`]);
  });

  it('of a device that was not rung change nothing', () => {
    tell(callTo(PHONE, WEB), DESKTOP, 'reject', 'busy');
    expect(news).toEqual([]);
  });
});

describe('an ended call', () => {
  it('answers a late accept with one more terminate to that device and tells nothing', async () => {
    const call = callTo(PHONE, WEB);
    await call.hangUp();
    tell(call, WEB, 'accept');
    expect(line.stopped).toEqual([`${PHONE} -`, `${WEB} -`, `${WEB} -`]);
    expect(news).toEqual([]);
  });

  it('tells a second answerer that the call was accepted elsewhere, and the first once more that it is over', () => {
    const call = callTo(PHONE, WEB);
    tell(call, WEB, 'accept');
    line.sent.splice(0);
    tell(call, PHONE, 'accept');
    tell(call, WEB, 'accept');
    expect(line.stopped).toEqual([`${PHONE} accepted_elsewhere`, `${WEB} -`]);
    expect(news).toEqual([{ type: 'answered' }]);
  });

  it.each([
    ['hung up', (call: OutgoingCall) => void call.hangUp()],
    ['declined', (call: OutgoingCall) => tell(call, PHONE, 'reject')],
    ['answered', (call: OutgoingCall) => tell(call, PHONE, 'accept')],
    ['ended remotely', (call: OutgoingCall) => tell(call, PHONE, 'terminate')],
  ])('ignores receipts, preaccepts, rejects and terminates after it was %s', (_, end) => {
    const call = callTo(PHONE, WEB);
    end(call);
    const [toldBefore, sentBefore] = [news.length, line.sent.length];
    call.onReceipt(PHONE);
    for (const tag of ['preaccept', 'reject', 'terminate', 'transport']) tell(call, WEB, tag);
    expect(news).toHaveLength(toldBefore);
    expect(line.sent).toHaveLength(sentBefore);
  });

  it('stays told when the line is cut while the devices are stopped', async () => {
    const call = callTo(PHONE, WEB);
    line.isCut = true;
    tell(call, WEB, 'accept');
    await Promise.resolve();
    expect(news).toEqual([{ type: 'answered' }]);
  });
});

describe('hanging up', () => {
  it('names the call, us as its creator, and gives each stanza an id of its own', async () => {
    await callTo(PHONE, WEB).hangUp();
    expect(line.sent).toEqual(
      [PHONE, WEB].map((device, index) => ({
        tag: 'call',
        attrs: { to: device, id: `stanza-${index + 1}` },
        content: [{ tag: 'terminate', attrs: { 'call-id': CALL_ID, 'call-creator': CREATOR } }],
      })),
    );
  });

  it('twice sends the terminates once', async () => {
    const call = callTo(PHONE, WEB);
    await Promise.all([call.hangUp(), call.hangUp()]);
    await call.hangUp();
    expect(line.sent).toHaveLength(2);
  });

  it('fails without a socket, and a later attempt sends everything', async () => {
    const call = callTo(PHONE, WEB);
    line.isCut = true;
    const [first, second] = await Promise.allSettled([call.hangUp(), call.hangUp()]);
    expect(first).toMatchObject({ status: 'rejected', reason: new Error('No socket is open') });
    expect(second.status).toBe('rejected');
    line.isCut = false;
    await call.hangUp();
    expect(line.stopped).toEqual([`${PHONE} -`, `${WEB} -`]);
  });
});
