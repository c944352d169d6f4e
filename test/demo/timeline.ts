import type { CallRecord, WhatsAppSimulator } from '../simulator/index.js';

/** Prints what happens to calls at the callee's phones, with the seconds since the offer. */
export function printTimeline(simulator: WhatsAppSimulator): void {
  const seen = new Map<string, Set<string>>();
  const print = (call: CallRecord): void => {
    const printed = seen.get(call.callId) ?? new Set<string>();
    seen.set(call.callId, printed);
    for (const { atMs, text } of happenings(call)) {
      if (printed.has(text)) continue;
      printed.add(text);
      const seconds = ((atMs - call.offeredAt) / 1000).toFixed(2).padStart(6);
      process.stdout.write(`  ${seconds} s  phone ${call.calleeNumber}: ${text}\n`);
    }
  };
  simulator.on('call', print);
  simulator.on('call-changed', print);
}

function happenings(call: CallRecord): { atMs: number; text: string }[] {
  return call.devices
    .flatMap((device) => [
      { atMs: device.receivedAt, text: 'got the call' },
      { atMs: device.ringingSince, text: 'rings' },
      { atMs: device.acceptedAt, text: 'picked up' },
      {
        atMs: device.rejectReason === undefined ? undefined : Date.now(),
        text: device.rejectReason ? `declines (${device.rejectReason})` : 'declines',
      },
      {
        atMs: device.terminateReason === undefined ? undefined : device.ringStoppedAt,
        text: 'stopped by Ringdrop',
      },
    ])
    .flatMap(({ atMs, text }) => (atMs === undefined ? [] : [{ atMs, text }]));
}
