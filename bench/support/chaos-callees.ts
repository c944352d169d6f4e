import type { CalleeBehaviour, ContactOptions, WhatsAppSimulator } from '../../test/simulator/index.js';

const RINGS: CalleeBehaviour = { kind: 'rings' };

/** People who do something else each; most let it ring, because that is what a crash leaves behind. */
const CALLEES: readonly Omit<ContactOptions, 'number'>[] = [
  ...Array.from({ length: 8 }, () => ({ devices: [0], behaviour: RINGS })),
  { devices: [0, 6], behaviour: RINGS },
  { devices: [0, 6, 12], behaviour: { 0: RINGS, 6: { kind: 'receipt' }, 12: { kind: 'silent' } } },
  { devices: [0, 6], behaviour: { 0: RINGS, 6: { kind: 'rejects', reason: 'busy', afterMs: 200 } } },
  { devices: [0], behaviour: { kind: 'rings', afterMs: 700 } },
  { devices: [0], behaviour: { kind: 'rejects', ringsFirst: true, afterMs: 600 } },
  { devices: [0], behaviour: { kind: 'accepts', afterMs: 700 } },
  { devices: [0], behaviour: { kind: 'hangs-up', afterMs: 800 } },
  { devices: [0], behaviour: { kind: 'receipt' } },
  { devices: [0], behaviour: { kind: 'silent' } },
  { devices: [0], behaviour: RINGS, ack: { delayMs: 500 } },
  { devices: [0], behaviour: RINGS, ack: { delayMs: 1500 } },
  { devices: [0], behaviour: RINGS, ack: { errorAttribute: 403 } },
];
const FIRST_NUMBER = 491590000000;

/** The same people over all rounds, so that their Signal sessions live through every crash. Returns their numbers. */
export function addCallees(simulator: WhatsAppSimulator): string[] {
  return CALLEES.map((callee, index) => {
    const number = String(FIRST_NUMBER + index);
    simulator.addContact({ ...callee, number });
    return number;
  });
}
