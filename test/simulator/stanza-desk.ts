import type { BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedCompanion } from './account.js';
import { callAck } from './call-stanzas.js';
import type { CallSwitch } from './call-switch.js';
import type { Connection } from './connection.js';
import { endByRemoval } from './endings.js';
import { answerIq, refusal, removedDeviceJid } from './iq-answers.js';
import { phoneJid } from './jids.js';
import { childOf, iqError, iqResult } from './nodes.js';
import type { MessageDesk } from './message-desk.js';
import type { Registration } from './registration.js';
import type { World } from './world.js';

/** Stanzas that ask for nothing: acks of what we sent, presence, housekeeping. */
const SILENT_TAGS = ['ack', 'presence', 'ib', 'chatstate'];

/** Decides who handles a decrypted stanza. What nobody handles is a violation and gets an error for an answer. */
export class StanzaDesk {
  constructor(
    private readonly world: World,
    private readonly callSwitch: CallSwitch,
    private readonly messageDesk: MessageDesk,
  ) {}

  async receive(connection: Connection, node: BinaryNode, stanzaBytes: Buffer): Promise<void> {
    const { recorder, desk } = this.world;
    const { companion } = connection;
    recorder.stanza('in', connection, node);
    const isAnswer = node.tag === 'iq' && (node.attrs.type === 'result' || node.attrs.type === 'error');
    if (isAnswer || SILENT_TAGS.includes(node.tag)) return;
    if (companion) return this.receiveLoggedIn(connection, companion, node, stanzaBytes);
    const registration = desk.of(connection);
    if (registration) this.receiveUnpaired(connection, registration, node);
  }

  private async receiveLoggedIn(
    connection: Connection,
    companion: LinkedCompanion,
    node: BinaryNode,
    stanzaBytes: Buffer,
  ): Promise<void> {
    switch (node.tag) {
      case 'iq':
        return this.receiveIq(connection, companion, node);
      case 'call':
        return this.callSwitch.receiveCall(connection, companion, node, stanzaBytes);
      case 'message':
        return this.messageDesk.receive(connection, companion, node);
      case 'receipt':
        return this.callSwitch.receiveReceipt(connection, companion, node);
      default:
        this.world.recorder.violation(companion.account.number, `unhandled stanza ${node.tag}`);
        this.world.reply(connection, { ...callAck(node, '', { error: '488', class: node.tag }) });
    }
  }

  private async receiveIq(connection: Connection, companion: LinkedCompanion, iq: BinaryNode): Promise<void> {
    const { recorder, faults, directory } = this.world;
    const { number } = companion.account;
    if (!iq.attrs.id) return recorder.violation(number, 'iq without id');
    if (faults.ignores(iq)) return;
    const removed = removedDeviceJid(iq);
    if (removed !== undefined) {
      if (removed !== phoneJid(number, companion.device.id)) {
        recorder.violation(number, `logout of ${removed}, which is another device`);
        return this.world.reply(connection, refusal(iq));
      }
      connection.send(iqResult(iq));
      return endByRemoval(connection, companion);
    }
    const answer = await answerIq(iq, { companion, directory });
    if (typeof answer === 'string') recorder.violation(number, answer);
    this.world.reply(connection, typeof answer === 'string' ? refusal(iq) : answer);
  }

  private receiveUnpaired(connection: Connection, registration: Registration, node: BinaryNode): void {
    const { recorder, desk, faults } = this.world;
    if (node.tag !== 'iq') return recorder.violation(undefined, `unpaired client sends ${node.tag}`);
    if (faults.ignores(node)) return;
    const isPing = node.attrs.xmlns === 'w:p' && node.attrs.type === 'get';
    if (isPing) return this.world.reply(connection, iqResult(node));
    const stage = childOf(node, 'link_code_companion_reg');
    if (node.attrs.xmlns === 'md' && node.attrs.type === 'set' && stage) {
      const { linkingRefusal } = faults;
      if (linkingRefusal?.at === 'code') {
        return this.world.reply(connection, iqError(node, linkingRefusal.code, 'refused'));
      }
      const answer = desk.answerCodeStage(registration, node, stage);
      if (answer.attrs.type === 'error')
        recorder.violation(undefined, `malformed ${stage.attrs.stage ?? 'link code stage'}`);
      return this.world.reply(connection, answer);
    }
    recorder.violation(undefined, `unhandled iq ${node.attrs.xmlns ?? ''} of an unpaired client`);
    this.world.reply(connection, refusal(node));
  }
}
