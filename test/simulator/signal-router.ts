import type { BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedCompanion } from './account.js';
import { callAck, callFrom } from './call-stanzas.js';
import type { Connection } from './connection.js';
import type { LiveCall, LiveCalls } from './live-calls.js';
import { childrenOf, epochSeconds } from './nodes.js';
import type { StopChecks } from './stop-checks.js';
import type { CallDeviceRecord } from './types.js';
import type { World } from './world.js';

const SIGNALS = [
  'terminate',
  'accept',
  'preaccept',
  'reject',
  'transport',
  'relaylatency',
  'mute_v2',
  'video',
];
const ERROR_UNKNOWN_TYPE = '488';

/** Everything about a call after its offer. Signals go from device to device; the server fans nothing out. */
export class SignalRouter {
  constructor(
    private readonly world: World,
    private readonly calls: LiveCalls,
    private readonly stopChecks: StopChecks,
  ) {}

  receive(connection: Connection, sender: LinkedCompanion, node: BinaryNode, child: BinaryNode): void {
    if (!SIGNALS.includes(child.tag)) {
      this.violation(sender, `unhandled call child ${child.tag}`);
      return this.world.reply(connection, callAck(node, child.tag, { error: ERROR_UNKNOWN_TYPE }));
    }
    this.world.reply(connection, callAck(node, child.tag));
    const live = this.calls.find(child.attrs['call-id']);
    if (!live) return this.receiveForIncoming(sender, node, child);
    const { call } = live;
    if (child.attrs['call-creator'] !== call.creator) {
      return this.violation(sender, `${child.tag} names another call-creator than the offer`);
    }
    const senderLid = sender.account.deviceLid(sender.device.id);
    if (senderLid === call.creator) return this.fromCaller(live, sender, node, child);
    const device = call.devices.find(({ jid }) => jid === senderLid);
    if (!device) return this.violation(sender, `${child.tag} for somebody else's call`);
    if (node.attrs.to !== call.creator)
      return this.violation(sender, `${child.tag} does not go to the caller's device`);
    this.note(device, child);
    if (child.tag === 'accept') this.stopChecks.begin(live);
    this.world.recorder.callChanged(call);
    this.world.sessions.find(live.caller)?.send(callFrom(senderLid, node.attrs.id ?? '', child));
  }

  /** The receipt of a real callee goes back to the caller; all others end here. Every one is acknowledged. */
  receiveReceipt(connection: Connection, sender: LinkedCompanion, receipt: BinaryNode): void {
    const { id = '', to = '', type } = receipt.attrs;
    const attrs = { class: 'receipt', id, from: to, ...(type === undefined ? {} : { type }) };
    this.world.reply(connection, { tag: 'ack', attrs });
    const [child] = childrenOf(receipt);
    const live = this.calls.find(child?.attrs['call-id']);
    const senderLid = sender.account.deviceLid(sender.device.id);
    if (!child || !live || !live.call.devices.some(({ jid }) => jid === senderLid)) return;
    if (id !== live.call.stanzaId)
      return this.violation(sender, 'the receipt has not the stanza id of the offer');
    this.world.sessions.find(live.caller)?.send({
      tag: 'receipt',
      attrs: { from: senderLid, id, t: epochSeconds() },
      content: [child],
    });
  }

  private fromCaller(live: LiveCall, sender: LinkedCompanion, node: BinaryNode, child: BinaryNode): void {
    const { call, callee } = live;
    const { to = '', id = '' } = node.attrs;
    const device = call.devices.find(({ jid }) => jid === to);
    if (!device) return this.violation(sender, `${child.tag} goes to ${to}, which is no device of the call`);
    if (child.tag === 'terminate') this.noteTerminate(live, sender, device, id, child);
    const known = this.world.directory.findDevice(to)?.device;
    if (known?.kind !== 'companion') return;
    this.world.sessions.find({ account: callee, device: known })?.send(callFrom(call.creator, id, child));
  }

  private noteTerminate(
    live: LiveCall,
    sender: LinkedCompanion,
    device: CallDeviceRecord,
    id: string,
    child: BinaryNode,
  ): void {
    const { call } = live;
    if (childrenOf(child).length > 0) this.violation(sender, 'terminate has children');
    const isUsed =
      id === call.stanzaId || call.devices.some(({ terminateStanzaIds }) => terminateStanzaIds.includes(id));
    if (isUsed) this.violation(sender, `terminate uses the stanza id ${id} again`);
    device.terminateStanzaIds.push(id);
    device.terminateReason ??= child.attrs.reason ?? '';
    if (device.ringingSince !== undefined) device.ringStoppedAt ??= Date.now();
    this.world.recorder.terminated(call, device);
    this.stopChecks.begin(live);
  }

  /** What a real callee says about itself. */
  private note(device: CallDeviceRecord, child: BinaryNode): void {
    const now = Date.now();
    if (child.tag === 'preaccept') device.ringingSince ??= now;
    if (child.tag === 'accept') device.acceptedAt ??= now;
    if (child.tag === 'terminate') device.hungUpAt ??= now;
    if (child.tag === 'reject') device.rejectReason ??= child.attrs.reason ?? '';
    const isOver = child.tag === 'accept' || child.tag === 'reject' || child.tag === 'terminate';
    if (isOver && device.ringingSince !== undefined) device.ringStoppedAt ??= now;
  }

  private receiveForIncoming(sender: LinkedCompanion, node: BinaryNode, child: BinaryNode): void {
    const creator = this.calls.incomingCreator(child.attrs['call-id']);
    if (creator === undefined) return this.violation(sender, `${child.tag} for an unknown call`);
    if (child.attrs['call-creator'] !== creator || node.attrs.to !== creator) {
      this.violation(sender, `${child.tag} of an incoming call does not name and address its caller`);
    }
  }

  private violation(sender: LinkedCompanion, text: string): void {
    this.world.recorder.violation(sender.account.number, text);
  }
}
