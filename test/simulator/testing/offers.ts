import { randomBytes } from 'node:crypto';
import { encodeSignedDeviceIdentity, type BinaryNode } from '@whiskeysockets/baileys';
import type { Client } from './client.js';

const TIMEOUT_MS = 4_000;

export interface Offer {
  node: BinaryNode;
  child: BinaryNode;
  callId: string;
  callKey: Buffer;
  devices: string[];
}

/** Builds a correct offer with the public functions of a real Baileys socket; tests then break it. */
export async function buildOffer(client: Client, to: string, devices: string[]): Promise<Offer> {
  const { sock, creds } = client;
  await sock.assertSessions(devices, false);
  const callKey = randomBytes(32);
  const { nodes } = await sock.createParticipantNodes(devices, { call: { callKey } }, { count: '0' });
  if (!creds.account) throw new Error('the client is not paired');
  const callId = `00${randomBytes(15).toString('hex').toUpperCase()}`;
  const child: BinaryNode = {
    tag: 'offer',
    attrs: { 'call-id': callId, 'call-creator': client.lid },
    content: [
      { tag: 'audio', attrs: { enc: 'opus', rate: '8000' } },
      { tag: 'audio', attrs: { enc: 'opus', rate: '16000' } },
      { tag: 'net', attrs: { medium: '3' } },
      { tag: 'capability', attrs: { ver: '1' }, content: Buffer.from('0105f709e0bb13', 'hex') },
      { tag: 'destination', attrs: {}, content: nodes },
      { tag: 'encopt', attrs: { keygen: '2' } },
      { tag: 'device-identity', attrs: {}, content: encodeSignedDeviceIdentity(creds.account, true) },
    ],
  };
  const node: BinaryNode = { tag: 'call', attrs: { to, id: sock.generateMessageTag() }, content: [child] };
  return { node, child, callId, callKey, devices };
}

/** Sends a call stanza and gives its ack; `undefined` when the server keeps silent for `waitMs`. */
export async function sendCall(
  client: Client,
  node: BinaryNode,
  waitMs = TIMEOUT_MS,
): Promise<BinaryNode | undefined> {
  const ack = new Promise<BinaryNode | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), waitMs);
    client.sock.ws.once(`CB:ack,id:${node.attrs.id}`, (answer: BinaryNode) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
  await client.sock.sendNode(node);
  return ack;
}

/** A terminate for one device, with a stanza id of its own. */
export function terminate(client: Client, callId: string, device: string, reason?: string): BinaryNode {
  const attrs = { 'call-id': callId, 'call-creator': client.lid };
  return {
    tag: 'call',
    attrs: { to: device, id: client.sock.generateMessageTag() },
    content: [{ tag: 'terminate', attrs: reason === undefined ? attrs : { ...attrs, reason } }],
  };
}

/** Everything of one kind that arrives at a client, as raw nodes. */
export function collect(client: Client, event: 'CB:call' | 'CB:receipt'): BinaryNode[] {
  const nodes: BinaryNode[] = [];
  client.sock.ws.on(event, (node: BinaryNode) => nodes.push(node));
  return nodes;
}

export async function until(condition: () => boolean, timeoutMs = TIMEOUT_MS): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
