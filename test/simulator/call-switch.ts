import type { BinaryNode } from '@whiskeysockets/baileys';
import type { LinkedCompanion } from './account.js';
import type { CalleeDevice } from './callee-device.js';
import { CalleeScript } from './callee-script.js';
import type { CompanionDevice } from './companion-device.js';
import { callAck, callFrom, deliveredOffer, successContent } from './call-stanzas.js';
import type { Connection } from './connection.js';
import { hasZeroDeviceLid, phoneJid } from './jids.js';
import { LiveCalls, type LiveCall } from './live-calls.js';
import { childrenOf } from './nodes.js';
import { ACK_DUPLICATE, checkOffer, type CheckedOffer, type OfferTarget } from './offer-checks.js';
import { SignalRouter } from './signal-router.js';
import { StopChecks } from './stop-checks.js';
import type { CallDeviceRecord, CallRecord, OfferAck } from './types.js';
import type { World } from './world.js';

const DEFAULT_CALLER_TIMEOUT_SECONDS = 90;

/** Takes `<call>` stanzas: judges offers, rings devices, passes signals between the two sides. */
export class CallSwitch {
  private readonly calls = new LiveCalls();
  private readonly stopChecks: StopChecks;
  private readonly signals: SignalRouter;

  constructor(private readonly world: World) {
    this.stopChecks = new StopChecks(world);
    this.signals = new SignalRouter(world, this.calls, this.stopChecks);
  }

  receiveCall(connection: Connection, sender: LinkedCompanion, node: BinaryNode, stanzaBytes: Buffer): void {
    const { recorder } = this.world;
    const { number } = sender.account;
    const [child, extra] = childrenOf(node);
    if (!node.attrs.id) return recorder.violation(number, 'call stanza without id'); // dropped, nobody hears of it
    if (hasZeroDeviceLid(stanzaBytes)) recorder.violation(number, 'the primary device is written as :0@lid');
    if (!child || extra) {
      recorder.violation(number, 'call stanza without exactly one child');
      return this.world.reply(connection, callAck(node, child?.tag ?? '', { error: '487' }));
    }
    if (child.tag === 'offer') return this.receiveOffer(connection, sender, node, child);
    this.signals.receive(connection, sender, node, child);
  }

  receiveReceipt(connection: Connection, sender: LinkedCompanion, receipt: BinaryNode): void {
    this.signals.receiveReceipt(connection, sender, receipt);
  }

  /** Remembers a call that a contact places to a linked account, so that the account may answer it. */
  expectAnswersTo(callId: string, creator: string): void {
    this.calls.addIncoming(callId, creator);
  }

  private receiveOffer(
    connection: Connection,
    sender: LinkedCompanion,
    node: BinaryNode,
    offerNode: BinaryNode,
  ): void {
    const { recorder } = this.world;
    const { number } = sender.account;
    const verdict = checkOffer(node.attrs.to, offerNode, sender, this.world.directory);
    if (verdict.kind === 'dropped') return recorder.violation(number, verdict.fault);
    if (verdict.kind === 'refused') {
      if (verdict.fault !== undefined) recorder.violation(number, verdict.fault);
      return this.world.reply(connection, callAck(node, 'offer', { error: String(verdict.error) }));
    }
    const { offer } = verdict;
    if (this.calls.has(offer.callId)) {
      recorder.violation(number, `call-id ${offer.callId} was used before`);
      return this.world.reply(connection, callAck(node, 'offer', { error: String(ACK_DUPLICATE) }));
    }
    const ack = this.world.faults.takeOfferAck() ?? offer.callee.ack;
    const call = makeRecord(offer, sender, node.attrs.id ?? '');
    const live = { call, caller: sender, callee: offer.callee, isDelivered: false };
    this.calls.add(live);
    recorder.call(call);
    live.isDelivered = this.answerOffer(connection, node, call, ack);
    if (!live.isDelivered) return;
    for (const device of offer.callee.callable) {
      const target = offer.targets.find(({ deviceId }) => deviceId === device.id);
      this.deliver(live, offerNode, device, target);
    }
  }

  /** Returns whether the callee's devices get to see the offer. */
  private answerOffer(connection: Connection, node: BinaryNode, call: CallRecord, ack: OfferAck): boolean {
    if (ack === 'silent') return false;
    if (ack === 'close') {
      connection.close(1011);
      return false;
    }
    const succeed = (content?: BinaryNode[]): void => {
      call.acked = true;
      this.world.recorder.callChanged(call);
      this.world.reply(connection, callAck(node, 'offer', {}, content));
    };
    const { callerTimeoutSeconds = DEFAULT_CALLER_TIMEOUT_SECONDS } = this.world.options;
    const content = successContent(call, callerTimeoutSeconds);
    if (ack === 'ok' || ack === 'ok-empty') {
      succeed(ack === 'ok' ? content : undefined);
      return true;
    }
    if ('delayMs' in ack) {
      this.world.timers.after(ack.delayMs, () => succeed(content));
      return true;
    }
    const code = String('errorAttribute' in ack ? ack.errorAttribute : ack.errorChild);
    const attrs: Record<string, string> = 'errorAttribute' in ack ? { error: code } : {};
    const error = { tag: 'error', attrs: { code, text: 'call-refused', 'call-id': call.callId } };
    call.ackError = Number(code);
    this.world.recorder.callChanged(call);
    this.world.reply(connection, callAck(node, 'offer', attrs, 'errorChild' in ack ? [error] : undefined));
    return false;
  }

  private deliver(
    live: LiveCall,
    offerNode: BinaryNode,
    device: CalleeDevice | CompanionDevice,
    target: OfferTarget | undefined,
  ): void {
    const { call, caller, callee } = live;
    const record = call.devices.find(({ jid }) => jid === callee.deviceLid(device.id));
    if (!record) return;
    if (device.kind === 'scripted') {
      void this.ring(live, record, device, target);
      return;
    }
    const stanza = deliveredOffer(offerNode, target, phoneJid(caller.account.number));
    this.world.sessions
      .find({ account: callee, device })
      ?.send(callFrom(call.creator, call.stanzaId, stanza));
  }

  /** Decrypts what there is for the device as it would, then plays its script. Never throws. */
  private async ring(
    live: LiveCall,
    record: CallDeviceRecord,
    device: CalleeDevice,
    target: OfferTarget | undefined,
  ): Promise<void> {
    const { call, caller } = live;
    const { recorder, timers, sessions } = this.world;
    const script = new CalleeScript(call, record, {
      timers,
      sendToCaller: (node) => sessions.find(caller)?.send(node),
      changed: () => {
        if (record.acceptedAt !== undefined) this.stopChecks.begin(live);
        recorder.callChanged(call);
      },
    });
    if (target && device.decrypts) {
      try {
        record.callKey = await device.decryptCallKey(call.creator, target.type, target.ciphertext);
        recorder.callChanged(call);
      } catch (error) {
        recorder.violation(
          call.callerNumber,
          `${record.jid} could not decrypt the call key: ${String(error)}`,
        );
        if (device.behaviour.kind !== 'silent') script.reject('enc');
        return;
      }
      const keys = call.devices.flatMap(({ callKey }) => (callKey ? [callKey.toString('hex')] : []));
      if (new Set(keys).size > 1)
        recorder.violation(call.callerNumber, 'the devices got different call keys');
    }
    script.play(device.behaviour);
  }
}

function makeRecord(
  { callId, creator, callee, calleeLid, targets }: CheckedOffer,
  sender: LinkedCompanion,
  stanzaId: string,
): CallRecord {
  const now = Date.now();
  const others = callee.callable
    .filter(({ id }) => !targets.some(({ deviceId }) => deviceId === id))
    .map(({ id }) => callee.deviceLid(id));
  return {
    callId,
    stanzaId,
    creator,
    callerNumber: sender.account.number,
    calleeNumber: callee.number,
    calleeLid,
    offeredAt: now,
    acked: false,
    devices: [...targets.map(({ jid }) => jid), ...others].map((jid) => ({
      jid,
      encType: targets.find((target) => target.jid === jid)?.type,
      receivedAt: now,
      terminateStanzaIds: [],
    })),
  };
}
