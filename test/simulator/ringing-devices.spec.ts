import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BinaryNode } from '@whiskeysockets/baileys';
import { lidJid, WhatsAppSimulator, type CallRecord, type ContactOptions } from './index.js';
import { childrenOf } from './nodes.js';
import { Client } from './testing/client.js';
import { buildOffer, sendCall, terminate, until } from './testing/offers.js';
import { quietLibraries } from './testing/quiet.js';

const CALLER = '5511911110000';
const CALLEE = '5511922220000';
const LID = '200000000000001';
const [PRIMARY, DESKTOP, WEB, HOSTED] = [lidJid(LID), lidJid(LID, 6), lidJid(LID, 12), lidJid(LID, 99)];
const GRACE_MS = 150;

describe('the devices of a callee', () => {
  let simulator: WhatsAppSimulator;
  let caller: Client;

  beforeEach(async () => {
    quietLibraries();
    simulator = await WhatsAppSimulator.start({ stopGraceMs: GRACE_MS });
    caller = await Client.open(simulator, simulator.preparedCredentials({ number: CALLER }));
  });

  afterEach(async () => {
    caller.end();
    await simulator.close();
  });

  /** An offer with a key for the primary only. */
  async function call(contact: Partial<ContactOptions> = {}): Promise<{ call: CallRecord; ack: BinaryNode }> {
    simulator.addContact({ number: CALLEE, lid: LID, devices: [0, 6, 12, 99], ...contact });
    const offer = await buildOffer(caller, PRIMARY, [PRIMARY]);
    const ack = await sendCall(caller, offer.node);
    if (!ack) throw new Error('no ack');
    return { call: await simulator.waitForCall(({ callId }) => callId === offer.callId), ack };
  }

  const stop = ({ callId }: CallRecord, ...devices: string[]) =>
    Promise.all(devices.map((device) => sendCall(caller, terminate(caller, callId, device))));
  const afterGrace = () => new Promise((resolve) => setTimeout(resolve, GRACE_MS * 2));
  const notStopped = (...devices: string[]) =>
    devices.map((device): unknown => expect.stringContaining(`${device} was not stopped`));

  it('ring with a key and without, all but the hosted one, and the ack names them', async () => {
    const { call: placed, ack } = await call();
    await until(() => placed.devices.every(({ ringingSince }) => ringingSince));
    expect(placed.devices.map(({ jid, encType, callKey }) => [jid, encType, callKey?.length])).toEqual([
      [PRIMARY, 'pkmsg', 32],
      [DESKTOP, undefined, undefined],
      [WEB, undefined, undefined],
    ]);
    const user = childrenOf(ack).find(({ tag }) => tag === 'user');
    expect(user && childrenOf(user).map(({ attrs }) => attrs.jid)).toEqual([PRIMARY, DESKTOP, WEB]);
  });

  it('ring too when usync hides them', async () => {
    const { call: placed } = await call({ hiddenDevices: [12] });
    await until(() => placed.devices.every(({ ringingSince }) => ringingSince));
    const listed = await caller.sock.getUSyncDevices([PRIMARY], false, false);
    expect(listed.map(({ jid }) => jid)).toEqual([PRIMARY, DESKTOP, HOSTED]);
  });

  it('stay silent when the offer is refused, and are not waited for', async () => {
    const { call: placed } = await call({ ack: { errorAttribute: 406 } });
    await stop(placed, PRIMARY);
    await afterGrace();
    expect(placed.devices.some(({ ringingSince }) => ringingSince)).toBe(false);
    expect(simulator.violations).toEqual([]);
  });

  it('must not be stopped one by one in vain: a hosted device is none of the call', async () => {
    const { call: placed } = await call();
    await stop(placed, HOSTED);
    expect(simulator.violations).toEqual([expect.stringContaining('which is no device of the call')]);
  });

  it('have to be stopped, each of them, soon after the first', async () => {
    const { call: placed } = await call();
    await stop(placed, PRIMARY, WEB);
    expect(simulator.violations).toEqual([]);
    await until(() => simulator.violations.length > 0);
    expect(simulator.violations).toEqual(notStopped(DESKTOP));
    await stop(placed, WEB);
    await afterGrace();
    expect(simulator.violations).toHaveLength(1);
  });

  it('have to be stopped when one of them picks up', async () => {
    await call({ behaviour: { 0: { kind: 'rings' }, 6: { kind: 'silent' }, 12: { kind: 'accepts' } } });
    await until(() => simulator.violations.length === 2);
    expect(simulator.violations).toEqual(notStopped(PRIMARY, DESKTOP));
  });

  it('need not be stopped when they have ended the call themselves', async () => {
    const { call: placed } = await call({
      behaviour: { 0: { kind: 'rings' }, 6: { kind: 'rejects' }, 12: { kind: 'hangs-up', afterMs: 20 } },
    });
    await until(() => placed.devices.some(({ hungUpAt }) => hungUpAt));
    await stop(placed, PRIMARY);
    await afterGrace();
    expect(simulator.violations).toEqual([]);
  });

  it('are left to the next connection when that of the caller ends, which has to stop them all', async () => {
    const { call: placed } = await call();
    await stop(placed, PRIMARY);
    const again = Client.start(simulator, caller.creds, { keys: caller.keys });
    caller.end();
    caller = again;
    await caller.opened();
    await afterGrace();
    expect(simulator.violations).toEqual([]);
    await stop(placed, PRIMARY, DESKTOP);
    await until(() => simulator.violations.length > 0);
    expect(simulator.violations).toEqual(notStopped(WEB));
  });
});
