import type { BinaryNode } from '@whiskeysockets/baileys';
import { calleeSignal, offerReceipt } from './call-stanzas.js';
import type { Timers } from './timers.js';
import type { CalleeBehaviour, CallDeviceRecord, CallRecord } from './types.js';

export interface Stage {
  readonly timers: Timers;
  /** Sends to the caller, wherever he is logged in now. */
  readonly sendToCaller: (node: BinaryNode) => void;
  readonly changed: () => void;
}

/** Plays what one device does with one offer. Nothing more happens once the device was told to stop or ended the call itself. */
export class CalleeScript {
  constructor(
    private readonly call: CallRecord,
    private readonly device: CallDeviceRecord,
    private readonly stage: Stage,
  ) {}

  play(behaviour: CalleeBehaviour): void {
    switch (behaviour.kind) {
      case 'silent':
        return;
      case 'receipt':
        return this.at(behaviour.afterMs, () => this.receipt());
      case 'rings':
        this.receipt();
        return this.at(behaviour.afterMs, () => this.ring());
      case 'rejects':
        this.receipt();
        if (behaviour.ringsFirst) this.ring();
        return this.at(behaviour.afterMs, () => this.reject(behaviour.reason));
      case 'accepts':
        this.receipt();
        this.ring();
        return this.at(behaviour.afterMs, () => this.accept());
      case 'hangs-up':
        this.receipt();
        this.ring();
        return this.at(behaviour.afterMs, () => this.hangUp(behaviour.reason));
    }
  }

  reject(reason: string | undefined): void {
    this.device.rejectReason = reason ?? '';
    this.send('reject', reason === undefined ? { count: '0' } : { count: '0', reason });
    this.stopRinging();
  }

  private receipt(): void {
    this.stage.sendToCaller(offerReceipt(this.call, this.device.jid));
  }

  private ring(): void {
    this.device.ringingSince = Date.now();
    this.send('preaccept');
    this.stage.changed();
  }

  private accept(): void {
    this.device.acceptedAt = Date.now();
    this.send('accept');
    this.stopRinging();
  }

  private hangUp(reason: string | undefined): void {
    this.device.hungUpAt = Date.now();
    this.send('terminate', reason === undefined ? {} : { reason });
    this.stopRinging();
  }

  private stopRinging(): void {
    if (this.device.ringingSince !== undefined) this.device.ringStoppedAt ??= Date.now();
    this.stage.changed();
  }

  private send(tag: Parameters<typeof calleeSignal>[2], attrs?: Record<string, string>): void {
    this.stage.sendToCaller(calleeSignal(this.call, this.device.jid, tag, attrs));
  }

  /** `afterMs` counts from the offer; decrypting has taken a little of it already. */
  private at(afterMs: number | undefined, action: () => void): void {
    const delayMs = Math.max(0, this.call.offeredAt + (afterMs ?? 0) - Date.now());
    this.stage.timers.after(delayMs, () => {
      if (this.device.terminateStanzaIds.length === 0) action();
    });
  }
}
