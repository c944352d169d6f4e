import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { rejectIncomingCall, sendTextMessage } from '../../../src/whatsapp/baileys/caller-answers.js';
import { AccountStanding } from '../../../src/whatsapp/baileys/account-standing.js';
import { ManualClock } from '../../support/manual-clock.js';
import { FakeConnection } from './support/fake-connection.js';

const CALL = { callId: '00C28E4F1A2B3C4D5E6F708192A3B4C5', creator: '200000000000001:12@lid' };
const MESSAGE = { to: '200000000000001@lid', text: 'Please write' };

/** A connection that takes stanzas and texts, and acknowledges none by itself. */
class TakingConnection extends FakeConnection {
  isOpen = true;
  readonly stanzas: BinaryNode[] = [];
  readonly texts: { to: string; content: object; messageId: string }[] = [];
  sendingFails: Error | undefined;

  override readonly socket = {
    ...new FakeConnection().socket,
    user: { id: '5511911110000:7@s.whatsapp.net' },
    generateMessageTag: () => 'tag-1',
    sendNode: (stanza: BinaryNode): Promise<void> => {
      this.stanzas.push(stanza);
      return this.sendingFails ? Promise.reject(this.sendingFails) : Promise.resolve();
    },
    sendMessage: (to: string, content: object, { messageId }: { messageId: string }): Promise<void> => {
      this.texts.push({ to, content, messageId });
      return this.sendingFails ? Promise.reject(this.sendingFails) : Promise.resolve();
    },
  };

  acknowledge(stanzaClass: string, id: string, attrs: Record<string, string> = {}): void {
    this.receive(`CB:ack,id:${id}`, { tag: 'ack', attrs: { class: stanzaClass, id, ...attrs } });
  }
}

let clock: ManualClock;
let connection: TakingConnection;

beforeEach(() => {
  clock = new ManualClock();
  connection = new TakingConnection();
});

/** WhatsApp says, when it is asked, that the account is not locked. */
function tools() {
  const askForLock = () => Promise.resolve({ isActive: false });
  const standing = new AccountStanding({ clock, restrictionPauseMs: 1000, askForLock }, () => undefined);
  return { clock, standing };
}

/** How an answer ended, once it has. */
function outcomeOf(work: Promise<void>): { value: string } {
  const outcome = { value: 'pending' };
  work.then(
    () => (outcome.value = 'done'),
    (error: unknown) => (outcome.value = error instanceof Error ? `${error.name}: ${error.message}` : 'odd'),
  );
  return outcome;
}

describe('declining a call', () => {
  const decline = () => outcomeOf(rejectIncomingCall(connection.asConnection(), CALL, tools()));

  it('is done when the server has taken it', async () => {
    const outcome = decline();
    await clock.advance(0);
    expect(outcome.value).toBe('pending');
    expect(connection.stanzas).toMatchObject([{ attrs: { to: CALL.creator, id: 'tag-1' } }]);
    connection.acknowledge('call', 'tag-1');
    await clock.advance(0);
    expect(outcome.value).toBe('done');
    expect(connection.listeners).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['404', 'WhatsAppRefused: WhatsApp refused to reject the call (404)'],
    ['429', 'WhatsAppRestricted: WhatsApp restricted this account: too many calls (429)'],
  ])('fails when the server answers %s', async (error, expected) => {
    const outcome = decline();
    connection.acknowledge('call', 'tag-1', { error });
    await clock.advance(0);
    expect(outcome.value).toBe(expected);
  });

  it('fails after 15 seconds of silence, also when the stanza could not be written', async () => {
    connection.sendingFails = new Error('Connection Closed');
    const outcome = decline();
    await clock.advance(14_999);
    expect(outcome.value).toBe('pending');
    await clock.advance(1);
    expect(outcome.value).toBe('WhatsAppTimeout: WhatsApp did not answer in time (to reject the call)');
  });

  it('fails at once when the connection ends', async () => {
    const outcome = decline();
    connection.isOpen = false;
    connection.end();
    await clock.advance(0);
    expect(outcome.value).toBe('SessionNotConnected: Instance is not connected to WhatsApp');
  });
});

describe('a text to a caller', () => {
  const send = () => outcomeOf(sendTextMessage(connection.asConnection(), MESSAGE, tools()));
  const messageId = (): string => connection.texts[0]?.messageId ?? '';

  it('is done when the server has taken it, and no link in it is looked up', async () => {
    const outcome = send();
    await clock.advance(0);
    expect(outcome.value).toBe('pending');
    expect(connection.texts).toMatchObject([
      { to: MESSAGE.to, content: { text: MESSAGE.text, linkPreview: null } },
    ]);
    connection.acknowledge('call', messageId());
    await clock.advance(0);
    expect(outcome.value).toBe('pending');
    connection.acknowledge('message', messageId());
    await clock.advance(0);
    expect(outcome.value).toBe('done');
    expect(connection.listeners).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it.each([
    ['479', 'WhatsAppRefused: WhatsApp refused the message (479)'],
    [
      '463',
      'WhatsAppRestricted: WhatsApp refused this contact: they must call or write to this number first (463)',
    ],
  ])('fails when the server answers %s', async (error, expected) => {
    const outcome = send();
    connection.acknowledge('message', messageId(), { error });
    await clock.advance(0);
    expect(outcome.value).toBe(expected);
  });

  it('fails after 20 seconds of silence', async () => {
    const outcome = send();
    await clock.advance(19_999);
    expect(outcome.value).toBe('pending');
    await clock.advance(1);
    expect(outcome.value).toBe('WhatsAppTimeout: WhatsApp did not answer in time (the message)');
  });

  it('fails at once, and leaves nothing behind, when it could not be encrypted or written', async () => {
    connection.sendingFails = new Error('All encryptions failed');
    const outcome = send();
    await clock.advance(0);
    expect(outcome.value).toBe('Error: All encryptions failed');
    expect(connection.listeners).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });
});
