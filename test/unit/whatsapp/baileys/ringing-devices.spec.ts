import { beforeEach, describe, expect, it } from '@jest/globals';
import { OutgoingCall } from '../../../../src/whatsapp/baileys/outgoing-call.js';
import type { CallReport } from '../../../../src/whatsapp/whatsapp-signals.js';
import { CALL_ID, DESKTOP, PHONE, ringOf, says, TABLET, WEB } from '../support/callee.js';
import { FakeLine } from '../support/fake-line.js';

const OFFERED_AT_MS = 5_000;
/** Later than any client declines by itself. */
const LATER_MS = OFFERED_AT_MS + 10_000;

let line: FakeLine;
let news: CallReport[];

beforeEach(() => {
  line = new FakeLine();
  news = [];
});

/** A call to these devices, all with a key unless only some are named. */
function callTo(devices: string[], offered = devices): OutgoingCall {
  return new OutgoingCall(ringOf(devices, CALL_ID, offered), line, OFFERED_AT_MS, (one) => news.push(one));
}

const tell = (call: OutgoingCall, device: string, tag: string, reason?: string): void =>
  call.onStanza(says(device, tag, reason), LATER_MS);

describe('devices that ring without a key', () => {
  it('are hung up like the others', async () => {
    await callTo([PHONE, WEB, DESKTOP], [PHONE]).hangUp();
    expect(line.stopped).toEqual([`${PHONE} -`, `${WEB} -`, `${DESKTOP} -`]);
  });

  it.each(['busy', 'uncallable', 'enc'])(
    'do not keep a call alive whose devices with a key all say %s, and are stopped with it',
    (reason) => {
      tell(callTo([PHONE, WEB, DESKTOP], [PHONE]), PHONE, 'reject', reason);
      const refusal = reason === 'busy' ? 'busy' : 'unreachable';
      expect(news).toEqual([{ type: 'refused_by_callee', refusal }]);
      expect(line.stopped).toEqual([`${WEB} -`, `${DESKTOP} -`]);
    },
  );

  it.each([
    ['a receipt', (call: OutgoingCall) => call.onReceipt(WEB)],
    ['a preaccept', (call: OutgoingCall) => tell(call, WEB, 'preaccept')],
  ])('keep it alive after %s, until they say no too', (_, show) => {
    const call = callTo([PHONE, WEB, DESKTOP], [PHONE]);
    show(call);
    news.splice(0);
    tell(call, PHONE, 'reject', 'busy');
    expect(news).toEqual([]);
    tell(call, WEB, 'reject', 'enc');
    expect(news).toEqual([{ type: 'refused_by_callee', refusal: 'busy' }]);
    expect(line.stopped).toEqual([`${DESKTOP} -`]);
  });

  it('are all taken for offered in rings of an earlier release', () => {
    const { callId, creator, devices, offerStanzaId } = ringOf([PHONE, WEB]);
    const ring = { callId, creator, devices, offerStanzaId };
    const call = new OutgoingCall(ring, line, OFFERED_AT_MS, (one) => news.push(one));
    tell(call, PHONE, 'reject', 'busy');
    expect(news).toEqual([]);
    tell(call, WEB, 'reject', 'busy');
    expect(news).toEqual([{ type: 'refused_by_callee', refusal: 'busy' }]);
  });
});

describe('devices that only the server names', () => {
  it('are hung up like the others, in their order, each once', async () => {
    const call = callTo([PHONE, DESKTOP]);
    call.alsoRings([WEB, DESKTOP]);
    call.alsoRings([WEB]);
    await call.hangUp();
    expect(line.stopped).toEqual([`${PHONE} -`, `${WEB} -`, `${DESKTOP} -`]);
  });

  it.each([
    ['was hung up', (call: OutgoingCall) => void call.hangUp(), '-'],
    ['was answered', (call: OutgoingCall) => tell(call, PHONE, 'accept'), 'accepted_elsewhere'],
    ['was declined', (call: OutgoingCall) => tell(call, PHONE, 'reject'), 'rejected_elsewhere'],
    ['found nobody', (call: OutgoingCall) => tell(call, PHONE, 'reject', 'busy'), '-'],
    ['ended remotely', (call: OutgoingCall) => tell(call, PHONE, 'terminate'), '-'],
  ])('are dismissed at once when the call %s before', (_, end, reason) => {
    const call = callTo([PHONE]);
    end(call);
    line.sent.splice(0);
    call.alsoRings([WEB, DESKTOP]);
    expect(line.stopped).toEqual([`${WEB} ${reason}`, `${DESKTOP} ${reason}`]);
  });

  it('are not dismissed when they ended the call themselves', () => {
    const call = callTo([PHONE]);
    tell(call, WEB, 'accept');
    line.sent.splice(0);
    call.alsoRings([WEB, DESKTOP]);
    expect(line.stopped).toEqual([`${DESKTOP} accepted_elsewhere`]);
  });

  it('wait for the next attempt when the one before had no socket', async () => {
    const call = callTo([PHONE]);
    line.isCut = true;
    await expect(call.hangUp()).rejects.toThrow('No socket is open');
    call.alsoRings([WEB]);
    line.isCut = false;
    await call.hangUp();
    expect(line.stopped).toEqual([`${PHONE} -`, `${WEB} -`]);
  });
});

describe('a device that nobody named', () => {
  it.each([
    ['has received the offer', (call: OutgoingCall) => call.onReceipt(TABLET)],
    ['rings', (call: OutgoingCall) => tell(call, TABLET, 'preaccept')],
  ])('is hung up too when it %s', async (_, show) => {
    const call = callTo([PHONE]);
    show(call);
    await call.hangUp();
    expect(line.stopped).toEqual([`${PHONE} -`, `${TABLET} -`]);
  });

  it.each(['300000000000001:56@lid', '200000000000001:99@hosted.lid', '5511999999999:56@s.whatsapp.net'])(
    'is left alone when it is not one of the callee that takes calls: %s',
    async (device) => {
      const call = callTo([PHONE]);
      call.onReceipt(device);
      await call.hangUp();
      expect(line.stopped).toEqual([`${PHONE} -`]);
    },
  );

  it('counts only among a hundred', async () => {
    const call = callTo([PHONE]);
    for (let number = 100; number < 300; number++) call.onReceipt(`200000000000001:${number}@lid`);
    await call.hangUp();
    expect(line.stopped).toHaveLength(100);
  });
});
