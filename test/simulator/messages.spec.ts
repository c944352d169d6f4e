import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeSignedDeviceIdentity, proto, type BinaryNode } from '@whiskeysockets/baileys';
import { lidJid, WhatsAppSimulator } from './index.js';
import { childOf, childrenOf } from './nodes.js';
import { Client } from './testing/client.js';
import { sendCall as send, until } from './testing/offers.js';
import { quietLibraries } from './testing/quiet.js';

const SENDER = '5511911110000';
const RECEIVER = '5511922220000';
const LID = '200000000000001';
const RECEIVER_LID = lidJid(LID);
const RECEIVER_PN = `${RECEIVER}@s.whatsapp.net`;

describe('texts', () => {
  let simulator: WhatsAppSimulator;
  let sender: Client;

  beforeEach(async () => {
    quietLibraries();
    simulator = await WhatsAppSimulator.start();
    simulator.addContact({ number: RECEIVER, lid: LID, devices: [0, 12] });
    sender = await Client.open(simulator, simulator.preparedCredentials({ number: SENDER }));
  });

  afterEach(async () => {
    sender.end();
    await simulator.close();
  });

  const sentMessages = (): BinaryNode[] =>
    simulator.stanzas.flatMap(({ direction, node }) =>
      direction === 'in' && node.tag === 'message' ? [node] : [],
    );
  const acks = (): Record<string, string>[] =>
    simulator.stanzas.flatMap(({ direction, node }) =>
      direction === 'out' && node.tag === 'ack' && node.attrs.class === 'message' ? [node.attrs] : [],
    );

  it.each([
    ['by phone number', RECEIVER_PN],
    ['by LID', RECEIVER_LID],
  ])(
    'are read by every device of the receiver and by the phone of the sender when sent %s',
    async (_, to) => {
      await sender.sock.sendMessage(to, { text: 'Please write instead' });
      const message = await simulator.waitForMessage(() => true);
      expect(message).toEqual({
        from: sender.lid,
        to,
        text: 'Please write instead',
        at: expect.any(Number),
      });
      const [stanza] = sentMessages();
      const participants = stanza && childOf(stanza, 'participants');
      const [user] = to.split('@');
      const ownUser = to.endsWith('@lid') ? sender.lid.split(':')[0] : SENDER;
      expect(
        childrenOf(participants ?? { tag: '', attrs: {} }).map(({ attrs }) => attrs.jid?.split('@')[0]),
      ).toEqual([
        ownUser, // the phone of the sender; the sending device itself is not named
        user,
        `${user}:12`,
      ]);
      expect(acks()).toEqual([expect.objectContaining({ id: stanza?.attrs.id, from: to })]);
      expect(acks()[0]).not.toHaveProperty('error');
      expect(simulator.violations).toEqual([]);
    },
  );

  it('go on in the session that a first text opened', async () => {
    await sender.sock.sendMessage(RECEIVER_LID, { text: 'one' });
    await sender.sock.sendMessage(RECEIVER_LID, { text: 'two' });
    await simulator.waitForMessage(({ text }) => text === 'two');
    expect(simulator.messages.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(simulator.violations).toEqual([]);
  });

  it('carry the trust token that the receiver issued', async () => {
    const token = simulator.trustTokens.send(SENDER, RECEIVER);
    await until(() => acksOfNotifications() > 0);
    await sender.sock.sendMessage(RECEIVER_LID, { text: 'known' });
    await simulator.waitForMessage(() => true);
    const [stanza] = sentMessages();
    expect(stanza && childOf(stanza, 'tctoken')?.content).toEqual(token);
    expect(simulator.violations).toEqual([]);
  });

  const acksOfNotifications = (): number =>
    simulator.stanzas.filter(
      ({ direction, node }) =>
        direction === 'in' && node.tag === 'ack' && node.attrs.class === 'notification',
    ).length;

  it('are refused with 463 while the sender may not reach out, without a fault of the sender', async () => {
    simulator.limits.lockReachout(SENDER, Math.floor(Date.now() / 1000) + 3600);
    await sender.sock.sendMessage(RECEIVER_LID, { text: 'cold' });
    await until(() => acks().length === 1);
    expect(acks()[0]).toMatchObject({ error: '463' });
    expect(simulator.messages).toEqual([]);
    expect(simulator.violations).toEqual([]);
  });

  describe('that are not in order', () => {
    let message: BinaryNode;

    beforeEach(async () => {
      const { sock, creds } = sender;
      await sock.assertSessions([RECEIVER_LID], false);
      const text = proto.Message.fromObject({ conversation: 'hello' });
      const { nodes } = await sock.createParticipantNodes([RECEIVER_LID], text);
      if (!creds.account) throw new Error('the client is not paired');
      message = {
        tag: 'message',
        attrs: { to: RECEIVER_LID, id: sock.generateMessageTag(), type: 'text' },
        content: [
          { tag: 'participants', attrs: {}, content: nodes },
          { tag: 'device-identity', attrs: {}, content: encodeSignedDeviceIdentity(creds.account, true) },
        ],
      };
    });

    const participant = (): BinaryNode => {
      const [to] = childrenOf(childOf(message, 'participants') ?? message);
      if (!to) throw new Error('the message has no participant');
      return to;
    };

    async function expectRefusal(violation: string): Promise<void> {
      const ack = await send(sender, message);
      expect(ack?.attrs).toMatchObject({ class: 'message', error: '479' });
      expect(simulator.violations).toEqual([expect.stringContaining(violation)]);
      expect(simulator.messages).toEqual([]);
    }

    it('would be taken as they were before a test broke them', async () => {
      const ack = await send(sender, message);
      expect(ack?.attrs.error).toBeUndefined();
      expect((await simulator.waitForMessage(() => true)).text).toBe('hello');
    });

    it('are refused when they go to a device', async () => {
      message.attrs.to = lidJid(LID, 12);
      await expectRefusal('no bare JID');
    });

    it('are refused when they go to a group', async () => {
      message.attrs.to = '120363000000000000@g.us';
      await expectRefusal('no bare JID');
    });

    it('are refused when they are of another type', async () => {
      message.attrs.type = 'media';
      await expectRefusal('type media');
    });

    it('are refused without device-identity beside a pkmsg', async () => {
      message.content = childrenOf(message).filter(({ tag }) => tag !== 'device-identity');
      await expectRefusal('no device-identity');
    });

    it('are refused with a child that nobody knows', async () => {
      message.content = [...childrenOf(message), { tag: 'biz', attrs: {} }];
      await expectRefusal('unexpected biz');
    });

    it('are refused when they name a device of somebody else', async () => {
      participant().attrs.jid = lidJid('300000000000001');
      await expectRefusal('no device of either side');
    });

    it('are refused when they address a device in another form than the receiver', async () => {
      participant().attrs.jid = RECEIVER_PN;
      await expectRefusal('another form');
    });

    it('are refused when no device of the receiver is named', async () => {
      participant().attrs.jid = sender.lid.replace(/:\d+/, '');
      await expectRefusal('no device of the receiver');
    });

    it('are refused when they are encrypted for the sending device too', async () => {
      const participants = childOf(message, 'participants');
      if (!participants) throw new Error('the message has no participants');
      const own = { ...participant(), attrs: { jid: sender.lid } };
      participants.content = [...childrenOf(participants), own];
      await expectRefusal('for the sending device');
    });

    it('are refused with a token that the receiver never issued', async () => {
      message.content = [
        ...childrenOf(message),
        { tag: 'tctoken', attrs: {}, content: Buffer.from('0102', 'hex') },
      ];
      await expectRefusal('tctoken');
    });

    it('are answered with 404 and no violation when nobody has the number', async () => {
      message.attrs.to = lidJid('300000000000009');
      expect((await send(sender, message))?.attrs.error).toBe('404');
      expect(simulator.violations).toEqual([]);
    });

    it('are recorded as a violation when a device cannot read them', async () => {
      const [enc] = childrenOf(participant());
      if (enc) enc.content = Buffer.alloc(150, 7);
      expect((await send(sender, message))?.attrs.error).toBeUndefined();
      await until(() => simulator.violations.length === 1);
      expect(simulator.violations[0]).toContain('could not read a message');
      expect(simulator.messages).toEqual([]);
    });
  });
});
