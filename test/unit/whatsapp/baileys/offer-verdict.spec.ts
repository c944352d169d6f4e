import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { awaitVerdict, type OfferAnswer } from '../../../../src/whatsapp/baileys/offer-verdict.js';
import { ManualClock } from '../../../support/manual-clock.js';
import { FakeConnection } from '../support/fake-connection.js';

const OFFER = 'offer-1';

let clock: ManualClock;
let connection: FakeConnection;
let answers: OfferAnswer[];

beforeEach(() => {
  clock = new ManualClock();
  connection = new FakeConnection();
  answers = [];
});

function listen(): { confirm(): void } {
  const pending = awaitVerdict(connection.asConnection(), OFFER, clock);
  void pending.answer.then((answer) => answers.push(answer));
  return pending;
}

const ack = (attrs: Record<string, string> = {}): BinaryNode => ({
  tag: 'ack',
  attrs: { class: 'call', type: 'offer', id: OFFER, ...attrs },
});

const receive = (node: BinaryNode): void => connection.receive(`CB:ack,id:${node.attrs.id ?? ''}`, node);

describe('the verdict on an offer', () => {
  it('is the first ack of the server', async () => {
    listen();
    receive(ack());
    receive(ack({ error: '406' }));
    await clock.advance(0);
    expect(answers).toEqual([{ accepted: true, ack: ack() }]);
  });

  it('is a refusal with its code', async () => {
    listen();
    receive(ack({ error: '463' }));
    await clock.advance(0);
    expect(answers).toEqual([{ accepted: false, code: 463 }]);
  });

  it('is not the ack of another stanza or of another class', async () => {
    listen();
    receive(ack({ id: 'offer-2', error: '406' }));
    receive(ack({ class: 'message', error: '479' }));
    await clock.advance(14_999);
    expect(answers).toEqual([]);
  });

  it('is silence after 15 seconds', async () => {
    listen();
    await clock.advance(14_999);
    expect(answers).toEqual([]);
    await clock.advance(1);
    expect(answers).toEqual(['silence']);
  });

  it.each(['lost', 'closed', 'moved'] as const)(
    'is at once that the connection was %s when it ends, and never a time-out',
    async (end) => {
      listen();
      connection.end(end);
      await clock.advance(15_000);
      expect(answers).toEqual([end]);
    },
  );

  it('is acceptance when a device of the callee answers before the server', async () => {
    const pending = listen();
    pending.confirm();
    receive(ack({ error: '406' }));
    await clock.advance(15_000);
    expect(answers).toEqual([{ accepted: true }]);
  });

  describe('for those who want an ack that comes later', () => {
    let late: BinaryNode[];

    function listenOn(): { confirm(): void } {
      late = [];
      const onLateAck = (node: BinaryNode): unknown => late.push(node);
      return awaitVerdict(connection.asConnection(), OFFER, clock, { onLateAck });
    }

    it.each([
      ['a device has answered', (pending: { confirm(): void }) => Promise.resolve(pending.confirm())],
      ['the time is over', () => clock.advance(15_000)],
    ])('hands it on when %s, once', async (_, happen) => {
      await happen(listenOn());
      receive(ack());
      receive(ack());
      expect(late).toEqual([ack()]);
      expect(connection.listeners).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    });

    it('does not hand on the ack that was the answer', () => {
      const pending = listenOn();
      receive(ack());
      pending.confirm();
      receive(ack());
      expect(late).toEqual([]);
      expect(clock.pendingTimers).toBe(0);
    });

    it.each([
      ['a minute', () => clock.advance(60_000)],
      ['the end of the connection', () => Promise.resolve(connection.end())],
    ])('does not listen any more after %s', async (_, happen) => {
      listenOn().confirm();
      expect(connection.listeners).toBe(2);
      await happen();
      expect(connection.listeners).toBe(0);
      expect(clock.pendingTimers).toBe(0);
    });
  });

  it.each([
    ['the ack', () => Promise.resolve(receive(ack()))],
    ['the end of the connection', () => Promise.resolve(connection.end())],
    ['the time-out', () => clock.advance(15_000)],
  ])('leaves no listener and no timer behind after %s', async (_, happen) => {
    listen();
    expect(connection.listeners).toBe(2);
    await happen();
    await clock.advance(0);
    expect(answers).toHaveLength(1);
    expect(connection.listeners).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
