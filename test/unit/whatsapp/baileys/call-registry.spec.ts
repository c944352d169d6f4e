import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { CallRegistry } from '../../../../src/whatsapp/baileys/call-registry.js';
import type { CallReport } from '../../../../src/whatsapp/whatsapp-signals.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { DESKTOP, PHONE, ringOf, says, WEB } from '../support/callee.js';
import { FakeLine } from '../support/fake-line.js';

const FIRST = ringOf([PHONE, WEB], '00AA');
const SECOND = ringOf([PHONE], '00BB');

let clock: ManualClock;
let line: FakeLine;
let registry: CallRegistry;
let news: string[];

beforeEach(() => {
  clock = new ManualClock();
  line = new FakeLine();
  news = [];
  registry = new CallRegistry(line, clock, (callId, { type }) => news.push(`${callId} ${type}`));
});

const receipt = (id: string, tag = 'offer'): BinaryNode => ({
  tag: 'receipt',
  attrs: { id, from: PHONE },
  content: [{ tag, attrs: { 'call-id': FIRST.callId } }],
});

describe('stanzas of several calls on one session', () => {
  beforeEach(() => {
    registry.follow(FIRST);
    registry.follow(SECOND);
  });

  it('move the call that they name', () => {
    registry.onCall(says(PHONE, 'preaccept', undefined, SECOND.callId));
    registry.onCall(says(WEB, 'accept', undefined, FIRST.callId));
    expect(news).toEqual(['00BB delivered', '00BB ringing', '00AA answered']);
  });

  it('of a call that nobody placed here are ignored', () => {
    registry.onCall(says(PHONE, 'accept', undefined, '00CC'));
    registry.onCall({ tag: 'call', attrs: { from: PHONE } });
    expect(news).toEqual([]);
    expect(line.sent).toEqual([]);
  });

  it('still reach a call that has ended, so that a late answer is hung up', async () => {
    await registry.follow(SECOND).hangUp();
    await clock.advance(100_000);
    registry.onCall(says(PHONE, 'accept', undefined, SECOND.callId));
    expect(line.stopped).toEqual([`${PHONE} -`, `${PHONE} -`]);
    expect(news).toEqual([]);
  });

  it('are forgotten with the call once nothing late can come any more', async () => {
    await clock.advance(180_000);
    registry.follow(ringOf([PHONE], '00DD'));
    registry.onCall(says(PHONE, 'accept', undefined, FIRST.callId));
    registry.onReceipt(receipt(SECOND.offerStanzaId));
    expect(news).toEqual([]);
    expect(line.sent).toEqual([]);
  });

  it('are not forgotten a moment earlier', async () => {
    await clock.advance(179_999);
    registry.follow(ringOf([PHONE], '00DD'));
    registry.onReceipt(receipt(FIRST.offerStanzaId));
    expect(news).toEqual(['00AA delivered']);
  });
});

describe('the receipt of an offer', () => {
  beforeEach(() => void registry.follow(FIRST));

  it('marks the call as delivered', () => {
    registry.onReceipt(receipt(FIRST.offerStanzaId));
    expect(news).toEqual(['00AA delivered']);
  });

  it.each([
    ['another stanza', receipt('some-message')],
    ['the call id instead of the stanza id', receipt(FIRST.callId)],
    ['the offer stanza, but about a terminate', receipt(FIRST.offerStanzaId, 'terminate')],
    [
      'the offer stanza, but about a message',
      { tag: 'receipt', attrs: { id: FIRST.offerStanzaId, from: PHONE } },
    ],
    ['nothing', { tag: 'receipt', attrs: {} }],
  ])('is no news when it names %s', (_, node) => {
    registry.onReceipt(node);
    expect(news).toEqual([]);
  });

  it('of a refused offer is no news', () => {
    registry.forget(FIRST);
    registry.onReceipt(receipt(FIRST.offerStanzaId));
    registry.onCall(says(PHONE, 'preaccept', undefined, FIRST.callId));
    expect(news).toEqual([]);
  });
});

describe('following a call', () => {
  it('twice gives the same call', () => {
    expect(registry.follow(FIRST)).toBe(registry.follow({ ...FIRST }));
  });

  it('tells the one who placed it before everybody else', () => {
    const own = (one: CallReport): unknown => news.push(`own ${one.type}`);
    registry.begin(FIRST, own);
    registry.onReceipt(receipt(FIRST.offerStanzaId));
    expect(news).toEqual(['own delivered', '00AA delivered']);
  });

  it('begins anew when its offer leaves, so that a hang-up before it is not taken for one after it', async () => {
    await registry.follow(FIRST).hangUp();
    const before = line.sent.length;
    registry.begin(FIRST);
    registry.onCall(says(PHONE, 'preaccept', undefined, FIRST.callId));
    await registry.follow(FIRST).hangUp();
    expect(news).toEqual(['00AA delivered', '00AA ringing']);
    expect(line.stopped.slice(before)).toEqual([`${PHONE} -`, `${WEB} -`]);
  });
});

describe('what the server says with its acceptance', () => {
  const acceptance = { furtherDevices: [DESKTOP], callerTimeoutSeconds: 45 };

  it('counts at the hang-up', async () => {
    registry.begin(FIRST);
    registry.learn(FIRST.callId, acceptance);
    await registry.follow(FIRST).hangUp();
    expect(line.stopped).toEqual([`${PHONE} -`, `${WEB} -`, `${DESKTOP} -`]);
    expect(news).toEqual([]);
  });

  it('is told when it comes later, and stops those who ring on', async () => {
    registry.begin(FIRST);
    await registry.follow(FIRST).hangUp();
    registry.learnLate(FIRST.callId, acceptance);
    expect(line.stopped.at(-1)).toBe(`${DESKTOP} -`);
    expect(news).toEqual(['00AA acknowledged']);
  });

  it.each([
    ['it says nothing', FIRST.callId, { furtherDevices: [], callerTimeoutSeconds: null }],
    ['nobody knows the call', SECOND.callId, acceptance],
  ])('is no news when %s', (_, callId, said) => {
    registry.begin(FIRST);
    registry.learnLate(callId, said);
    expect(news).toEqual([]);
    expect(line.sent).toEqual([]);
  });
});

describe('stopping a call of which nobody knows whether it rings', () => {
  it('sends the terminates when a socket is open', async () => {
    await registry.stopBestEffort(FIRST);
    expect(line.stopped).toEqual([`${PHONE} -`, `${WEB} -`]);
    registry.onOpened();
    await clock.advance(0);
    expect(line.sent).toHaveLength(2);
  });

  async function stopWhileCut(): Promise<void> {
    registry.follow(FIRST);
    line.isCut = true;
    await registry.stopBestEffort(FIRST);
    expect(line.sent).toEqual([]);
  }

  it('waits for the next socket within a minute of the offer', async () => {
    await stopWhileCut();
    await clock.advance(59_999);
    line.isCut = false;
    registry.onOpened();
    await clock.advance(0);
    expect(line.stopped).toEqual([`${PHONE} -`, `${WEB} -`]);
    registry.onOpened();
    await clock.advance(0);
    expect(line.sent).toHaveLength(2);
  });

  it('is given up after a minute: no phone rings any more', async () => {
    await stopWhileCut();
    await clock.advance(60_000);
    line.isCut = false;
    registry.onOpened();
    registry.onOpened();
    await clock.advance(0);
    expect(line.sent).toEqual([]);
  });

  it('is tried again with each new socket until it succeeds', async () => {
    await stopWhileCut();
    registry.onOpened();
    await clock.advance(1_000);
    line.isCut = false;
    registry.onOpened();
    await clock.advance(0);
    expect(line.stopped).toEqual([`${PHONE} -`, `${WEB} -`]);
  });

  it('is given up when the offer turns out to be refused', async () => {
    await stopWhileCut();
    registry.forget(FIRST);
    line.isCut = false;
    registry.onOpened();
    await clock.advance(0);
    expect(line.sent).toEqual([]);
  });
});
