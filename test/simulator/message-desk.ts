import type { BinaryNode, proto } from '@whiskeysockets/baileys';
import type { LinkedCompanion } from './account.js';
import type { Connection } from './connection.js';
import { checkMessage, type CheckedMessage, type MessageTarget } from './message-checks.js';
import { epochSeconds } from './nodes.js';
import type { World } from './world.js';

/** Takes texts from person to person: judges them and lets the scripted devices of both sides read them. */
export class MessageDesk {
  constructor(private readonly world: World) {}

  async receive(connection: Connection, sender: LinkedCompanion, node: BinaryNode): Promise<void> {
    const { recorder, directory } = this.world;
    const { number } = sender.account;
    if (!node.attrs.id) return recorder.violation(number, 'message without id'); // dropped, nobody hears of it
    const verdict = checkMessage(node, sender, directory);
    if (verdict.kind === 'refused') {
      if (verdict.fault !== undefined) recorder.violation(number, `message refused: ${verdict.fault}`);
      return this.acknowledge(connection, node, { error: String(verdict.error) });
    }
    this.acknowledge(connection, node, {});
    await this.deliver(sender, verdict.message);
  }

  private acknowledge(connection: Connection, node: BinaryNode, attrs: Record<string, string>): void {
    const { id = '', to = '' } = node.attrs;
    const ack = { class: 'message', id, from: to, t: epochSeconds(), ...attrs };
    this.world.reply(connection, { tag: 'ack', attrs: ack });
  }

  /** Never throws. All devices have to read the same; linked Web sessions do not get anything. */
  private async deliver(sender: LinkedCompanion, message: CheckedMessage): Promise<void> {
    const { recorder } = this.world;
    const from = sender.account.deviceLid(sender.device.id);
    const texts = new Set<string>();
    for (const target of message.targets) {
      try {
        const text = await this.read(from, message, target);
        if (text !== undefined) texts.add(text);
      } catch (error) {
        recorder.violation(sender.account.number, `${target.jid} could not read a message: ${String(error)}`);
      }
    }
    if (texts.size > 1) recorder.violation(sender.account.number, 'the devices got different texts');
    const [text] = texts;
    if (text !== undefined) recorder.message({ from, to: message.to, text, at: Date.now() });
  }

  /** `undefined`: the device holds no keys of its own. */
  private async read(
    from: string,
    { to, receiver }: CheckedMessage,
    { account, deviceId, type, ciphertext }: MessageTarget,
  ): Promise<string | undefined> {
    const device = account.devices.get(deviceId);
    if (device?.kind !== 'scripted' || !device.decrypts) return undefined;
    const message = await device.decrypt(from, type, ciphertext);
    if (account === receiver) return textOf(message);
    // The sender's own devices get a copy that names the chat, so that they can file it.
    if (message.deviceSentMessage?.destinationJid !== to) throw new Error('the own copy names another chat');
    return textOf(message.deviceSentMessage.message);
  }
}

function textOf(message: proto.IMessage | null | undefined): string {
  const text = message?.conversation || message?.extendedTextMessage?.text;
  if (!text) throw new Error('there is no text inside');
  return text;
}
