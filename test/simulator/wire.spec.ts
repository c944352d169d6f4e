import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeBinaryNode, encodeBinaryNode, NOISE_WA_HEADER } from '@whiskeysockets/baileys';
import { WebSocket } from 'ws';
import { frame, FrameReader } from './frames.js';
import { WhatsAppSimulator } from './index.js';
import { hasZeroDeviceLid } from './jids.js';
import { Client } from './testing/client.js';
import { until } from './testing/offers.js';
import { quietLibraries } from './testing/quiet.js';
import { VECTORS } from './testing/vectors.js';

describe('the binary form of stanzas', () => {
  it.each(VECTORS)('is the frozen one for $name', async ({ node, hex }) => {
    expect(encodeBinaryNode(node).toString('hex')).toBe(hex);
    expect(await decodeBinaryNode(Buffer.from(hex, 'hex'))).toEqual(node);
  });

  it('tells :0@lid from the bare LID', () => {
    const call = (to: string): Buffer => encodeBinaryNode({ tag: 'call', attrs: { to, id: '1' } });
    expect(hasZeroDeviceLid(call('200000000000001:0@lid'))).toBe(true);
    expect(hasZeroDeviceLid(call('200000000000001@lid'))).toBe(false);
    expect(hasZeroDeviceLid(call('200000000000001:12@lid'))).toBe(false);
  });
});

describe('the frame reader', () => {
  const stream = Buffer.concat([NOISE_WA_HEADER, frame(Buffer.from('first')), frame(Buffer.from('second'))]);

  it('cuts frames wherever the WebSocket messages end', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const reader = new FrameReader();
      const frames = [...reader.push(stream.subarray(0, cut)), ...reader.push(stream.subarray(cut))];
      expect(frames.map(String)).toEqual(['first', 'second']);
    }
  });

  it('skips routing info, byte by byte if need be', () => {
    const reader = new FrameReader();
    const routed = Buffer.concat([Buffer.from('45440001000003aabbcc', 'hex'), stream]);
    const frames = [...routed].flatMap((byte) => reader.push(Buffer.from([byte])));
    expect(frames.map(String)).toEqual(['first', 'second']);
  });

  it('refuses a wrong header and a frame over the limit', () => {
    expect(() => new FrameReader().push(Buffer.from('GET / HTTP/1.1'))).toThrow('header');
    const endless = Buffer.concat([NOISE_WA_HEADER, Buffer.from('ffffff', 'hex')]);
    expect(() => new FrameReader().push(endless)).toThrow('over the limit');
  });
});

describe('a hostile client', () => {
  let simulator: WhatsAppSimulator;

  beforeEach(async () => {
    quietLibraries();
    simulator = await WhatsAppSimulator.start();
  });

  afterEach(() => simulator.close());

  it.each([
    ['a wrong header', Buffer.from('hello')],
    ['a hello that is no protobuf', Buffer.concat([NOISE_WA_HEADER, frame(randomBytes(64))])],
    ['an empty hello', Buffer.concat([NOISE_WA_HEADER, frame(Buffer.alloc(0))])],
    ['a frame over the limit', Buffer.concat([NOISE_WA_HEADER, Buffer.from('ffffff00', 'hex')])],
    ['a message over the limit', Buffer.alloc(3 << 20)],
  ])('that sends %s loses its connection and nobody else does', async (_what, bytes) => {
    const client = await Client.open(simulator, simulator.preparedCredentials({ number: '5511911110000' }));
    const hostile = new WebSocket(simulator.url);
    const closed = new Promise((resolve) => hostile.once('close', resolve));
    hostile.once('open', () => hostile.send(bytes));
    hostile.on('error', () => undefined);
    await closed;
    expect(simulator.violations).toEqual([expect.stringContaining('unpaired: connection failed')]);
    expect(await client.sock.onWhatsApp('5511911110000')).toMatchObject([{ exists: true }]);
    expect(simulator.sessions).toHaveLength(1);
    client.end();
  });

  it('that vanishes in mid-handshake is no violation', async () => {
    const shy = new WebSocket(simulator.url);
    await new Promise((resolve) => shy.once('open', resolve));
    shy.send(NOISE_WA_HEADER);
    shy.terminate();
    const client = await Client.open(simulator, simulator.preparedCredentials({ number: '5511911110000' }));
    expect(simulator.violations).toEqual([]);
    client.end();
  });

  it('is not taken for one when it sends routing info', async () => {
    const creds = simulator.preparedCredentials({ number: '5511911110000' });
    creds.routingInfo = randomBytes(9);
    const client = await Client.open(simulator, creds);
    await until(() => simulator.sessions.length === 1);
    client.end();
  });
});
